"""`trace` on the command line, over a record that really moved."""

from scheduler import deliver, receive, send
from scheduler.scope import Scope
from tests.cli.conftest import Call, Lab
from tests.conftest import ManualClock


def move(lab: Lab, clock: ManualClock) -> None:
    """Have all three jobs run."""
    clock.advance(minutes=5)
    for stage, vault_id in ((send, 1001), (deliver, 1001), (receive, 1002)):
        stage.run_once(lab.store, clock, Scope(vault_id))


def test_a_moved_record_is_traced_in_words_and_as_json(on: Call, lab: Lab, clock: ManualClock) -> None:
    move(lab, clock)
    document = on("trace", lab.good, "--vault", "Source", "--json").document["trace"]

    (message,) = document["went"]["messages"]
    assert (message["outbound"]["state"], message["inbound"]["state"]) == ("delivered", "processed")
    assert message["outbound"]["put_by"]["kind"] == "send"
    assert message["inbound"]["taken_by"]["kind"] == "receive"
    assert [target["name"] for target in document["went"]["targets"]] == ["Good"]

    text = on("trace", lab.good, "--vault", "Source").out
    assert "put on Lab Outbound of Source" in text
    assert "processed in Target" in text
    assert "Target records" in text


def test_what_failed_stands_at_the_message(on: Call, lab: Lab, clock: ManualClock) -> None:
    move(lab, clock)
    text = on("trace", lab.bad, "--vault", "Source").out
    assert "Failing in Target" in text
    assert ", Product: Code: " in text
    assert "3 records of Product, changed" in text
    assert "No record of a connected Vault is linked." in text


def test_a_target_is_traced_back(on: Call, lab: Lab, clock: ManualClock) -> None:
    move(lab, clock)
    target = on("trace", lab.good, "--vault", "Source", "--json").document["trace"]["went"]["targets"][0]
    text = on("trace", target["global_id"]).out
    assert f"Came from Good ({lab.good}) in Source: message" in text


def test_a_record_that_waits_says_so(on: Call, lab: Lab) -> None:
    text = on("trace", lab.odd, "--vault", "Source").out
    assert "No message names it." in text
    assert "the next send job" in text
    assert "\x1b" not in text


def test_a_record_must_be_there_and_be_the_only_one(on: Call, lab: Lab, clock: ManualClock) -> None:
    assert "no record" in on("trace", "V0A000000009999", code=1).err
    move(lab, clock)
    assert "Name one with --vault" in on("trace", lab.good, code=1).err

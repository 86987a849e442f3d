"""What the command line changes: as whom, with what result, and what it refuses."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.opening import open_store
from models.permissions import READ_ONLY_USER
from models.services.vaults import create_user
from scheduler.engine import Engine
from tests.builders import ADMIN, OWNER
from tests.cli.conftest import Answer, Call, Lab

SOURCE, TARGET = ("--vault", "Source"), ("--vault", "Target")


def test_a_changed_field_is_saved_as_the_administrator(on: Call, lab: Lab) -> None:
    document = on("records", "set", lab.good, "strength__c=7", "name__v=A = B", *SOURCE, "--json").document
    record = on("records", "show", lab.good, *SOURCE, "--json").document["record"]

    assert document["changed"] is True
    assert document["user"] == ADMIN
    assert record["fields"]["strength__c"]["value"] == "7"
    assert record["name"] == "A = B"
    assert record["system"]["modified_by__v"] == ADMIN


def test_a_save_that_changes_nothing_says_so(on: Call, lab: Lab) -> None:
    assert "unchanged" in on("records", "set", lab.good, "strength__c=5", *SOURCE).out


def test_an_empty_value_empties_the_field(on: Call, lab: Lab) -> None:
    on("records", "set", lab.good, "code__c=", *SOURCE)

    assert on("records", "show", lab.good, *SOURCE, "--json").document["record"]["fields"]["code__c"]["value"] == ""


def test_every_bad_field_is_named_and_nothing_is_saved(on: Call, lab: Lab) -> None:
    words = ("records", "set", lab.good, "strength__c=much", "launched__c=soon", "name__v=New", *SOURCE)

    assert set(on(*words, "--json", code=1).error["fields"]) == {"strength__c", "launched__c"}
    assert "launched__c:" in on(*words, code=1).err
    assert on("records", "show", lab.good, *SOURCE, "--json").document["record"]["name"] == "Good"


def test_a_user_acts_with_his_own_permissions(on: Call, lab: Lab) -> None:
    with lab.store.write() as write:
        create_user(write, 1001, "viewer@lab.example.com", "V", "Iewer", READ_ONLY_USER)

    refused = on("records", "set", lab.good, "strength__c=7", *SOURCE, "--user", "viewer@lab.example.com", code=1).err
    assert "Permission missing" in refused
    assert "product__v: Edit" in refused
    assert on("records", "set", lab.good, "strength__c=7", *SOURCE, "--user", OWNER, "--json").document["user"] == OWNER
    assert "nobody" in on("records", "set", lab.good, "strength__c=8", *SOURCE, "--user", "nobody", code=1).err


@pytest.mark.parametrize(
    "words",
    [
        "records set {good} strength__c=7 --vault Source",
        "integrations inactivate product_integration__c --vault Source",
        "jobs run --vault Source",
        "jobs run --no-wait --vault Source",
        "clock pause",
        "clock step 5m",
        "run --for 1s",
        "exceptions cancel-retry 1",
    ],
)
def test_a_read_only_session_changes_nothing(on: Call, lab: Lab, words: str) -> None:
    before = on("status", "--json").document

    error = on("--readonly", "--json", *words.format(good=lab.good).split(), code=1).error

    assert error["title"] == "Permission missing"
    assert on("status", "--json").document == before


def test_an_integration_is_switched_off_and_on_again(on: Call) -> None:
    words = ("product_integration__c", *SOURCE)

    assert "already" in on("integrations", "activate", *words).out
    assert on("integrations", "inactivate", *words, "--json").document["changed"] is True
    assert [row["active"] for row in on("integrations", "list", *SOURCE, "--json").document["integrations"]] == [False]
    assert on("integrations", "activate", *words, "--json").document["changed"] is True


def test_the_lab_clock_is_paused_sped_up_and_stepped(on: Call) -> None:
    def state(*words: str) -> tuple[datetime, float, bool]:
        clock = on("clock", *words, "--json").document["clock"]
        return datetime.fromisoformat(clock["now"]), clock["speed"], clock["paused"]

    start, _speed, _paused = state("show")
    assert state("pause")[2] is True
    assert state("resume")[2] is False
    assert state("speed", "120")[1] == 120
    stepped = state("step", "1h30m")[0]
    assert timedelta(hours=1, minutes=30) <= stepped - start < timedelta(hours=1, minutes=31)


def test_a_clock_that_cannot_be_so_is_refused_in_words(on: Call) -> None:
    assert "speed" in on("clock", "speed", "999999", "--json", code=1).error["fields"]
    assert "not a duration" in on("clock", "step", "soon", code=2).err


def test_jobs_run_without_an_engine_and_tell_what_moved(on: Call) -> None:
    sent = on("jobs", "run", "send", *SOURCE, "--json").document["runs"]
    received = on("jobs", "run", "receive", *TARGET).out

    assert [(run["kind"], run["found"], run["sent"], run["delivered"]) for run in sent] == [
        ("send", 3, 3, 0),
        ("deliver", 0, 0, 1),
    ]
    assert "received 3, created 2, failed 1" in received
    assert on("clock", "show", "--json").document["clock"]["engine"]["runs"] is False


def test_a_run_can_be_limited_to_a_connection_and_asked_for_only(on: Call) -> None:
    asked = on("jobs", "run", "send", "--connection", "lab_connection__c", "--no-wait", *SOURCE, "--json").document

    assert asked["asked_for"] == ["send"]
    jobs = on("jobs", "list", *SOURCE, "--json").document["jobs"]
    assert [job["kind"] for job in jobs if job["requested_at"]] == ["send"]
    assert on("records", "list", "product__v", *TARGET, "--json").document["total"] == 0


def test_a_job_that_does_not_exist_is_a_wrong_usage(on: Call) -> None:
    assert "'sand' is not a job" in on("jobs", "run", "sand", *SOURCE, code=2).err


def test_an_engine_that_runs_elsewhere_runs_the_jobs(on: Call, lab: Lab) -> None:
    elsewhere = open_store(lab.path)
    try:
        with Engine(elsewhere):
            sent = on("jobs", "run", "send", "deliver", *SOURCE, "--json").document["runs"]
            assert on("clock", "show", "--json").document["clock"]["engine"]["runs"] is True
            assert "only watches" in on("run", "--for", "1s", code=1).err
    finally:
        elsewhere.close()

    assert sum(run["sent"] for run in sent) == 3
    assert sum(run["delivered"] for run in sent) == 1


def test_a_retried_exception_passes_once_its_cause_is_mended(on: Call, lab: Lab) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    number = str(on("exceptions", "list", "--json").document["exceptions"][0]["id"])

    still = on("exceptions", "retry", number, "--json").document
    on("records", "set", lab.bad, "code__c=OK-1", *SOURCE)
    passed = on("exceptions", "retry", number, "--json").document

    assert (still["open_before"], still["open"], still["active"]) == (1, 1, True)
    assert (passed["open_before"], passed["open"], passed["active"]) == (1, 0, False)
    assert "nothing to retry" in on("exceptions", "retry", number, code=1).err


def test_a_retry_can_be_asked_for_only(on: Call) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)

    asked = on("exceptions", "retry", "1", "--no-wait").out
    assert "Asked for Retry Transfer 1 of 1 message with 1 open item" in asked
    (retry,) = on("exceptions", "retries", "--json").document["retries"]
    assert (retry["state"], retry["step"], retry["items"]) == ("under_way", "receive", 1)


def test_asking_twice_is_refused_and_carries_nothing_out(on: Call) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    on("exceptions", "retry", "1", "--no-wait")

    assert "being retried already" in on("exceptions", "retry", "1", "--no-wait", code=1).err
    (retry,) = on("exceptions", "retries", "--json").document["retries"]
    assert retry["state"] == "under_way"


def test_what_an_option_names_and_is_not_there_is_told_with_what_is(on: Call) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)

    def total(*words: str) -> int:
        return int(on("exceptions", "list", *words, "--json").document["total"])

    for option in ("--connection", "--integration", "--point"):
        told = on("exceptions", "list", option, "none__c", code=1).err
        assert f"There is no {option[2:].replace('point', 'integration point')} none__c here." in told
        assert "(Source, " in told
        assert "(Target, " in told
    assert total("--point", "product_inbound__c") == total("--point", "Product Inbound Point") == 1
    assert total("--point", "product_in") == total("--point", "PRODUCT_INBOUND__C") == 1
    assert total("--point", "product_outbound__c") == 0
    for option in ("--type", "--side"):
        assert set(on("exceptions", "list", option, "x", "--json", code=1).error["fields"]) == {option}


def test_a_retry_that_nobody_has_begun_can_be_cancelled(on: Call) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    on("exceptions", "retry", "1", "--no-wait")

    assert "Cancelled Retry Transfer 1" in on("exceptions", "cancel-retry", "1").out

    (retry,) = on("exceptions", "retries", "--json").document["retries"]
    assert (retry["state"], retry["failed"]) == ("cancelled", 1)
    assert "cancelled before it began" in on("exceptions", "retries").out
    assert "is over" in on("exceptions", "cancel-retry", "1", code=1).err
    assert "exceptions retries lists them" in on("exceptions", "cancel-retry", "7", code=1).err
    assert on("exceptions", "retry", "1", "--json").document["open_before"] == 1


def test_a_filtered_set_is_retried_with_its_count_before_and_its_result_after(on: Call, lab: Lab) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    on("records", "set", lab.bad, "code__c=OK-1", *SOURCE)

    words = ("--type", "message", "--side", "target", "--connection", "lab_connection__c", *TARGET)
    counted = on("exceptions", "retry", *words, "--count", "--json").document
    done = on("exceptions", "retry", *words, "--wait", "--json").document

    assert counted["before"] == done["before"] == {"messages": 1, "items": 1, "left_out": 0}
    assert {name: done["retry"][name] for name in ("state", "sent", "applied", "skipped", "failed")} == {
        "state": "done",
        "sent": 0,
        "applied": 1,
        "skipped": 0,
        "failed": 0,
    }
    assert done["retry"]["asked"] == "active, connection Lab Connection, message_processing_error__sys, target"
    assert [run["retried"] for run in done["runs"]] == [1]
    assert "1 applied, 0 failed" in on("exceptions", "retries").out
    assert "None of these" in on("exceptions", "retry", *words, code=1).err


def test_a_retry_needs_to_know_what_is_meant(on: Call) -> None:
    assert "which messages are meant" in on("exceptions", "retry", code=1).err
    assert "which Vault is meant" in on("exceptions", "retry", "--all", code=1).err
    assert "There is no nothing" in on("exceptions", "retry", "--type", "nothing", *TARGET, code=1).err


def test_a_retry_that_a_killed_engine_left_is_carried_out_before_the_next_one(on: Call, lab: Lab) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    on("exceptions", "retry", "1", "--no-wait")
    on("records", "set", lab.bad, "code__c=OK-1", *SOURCE)

    assert "nothing to retry" in on("exceptions", "retry", "1", code=1).err.lower()
    (retry,) = on("exceptions", "retries", "1", "--json").document["retries"]
    assert (retry["state"], retry["applied"]) == ("done", 1)


def test_a_vault_tells_of_new_exceptions_by_a_log_file(on: Call, own_folders: Path) -> None:
    log = own_folders / "exceptions.log"
    assert on("notifications", "show", "--json").document["notifications"][0]["bell"] is False
    said = on("notifications", "set", "--log", str(log), "--bell", *TARGET).out
    on("notifications", "test", *TARGET)
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)

    assert "by the bell and the log file" in said
    test, told = log.read_text(encoding="utf-8").splitlines()
    assert "This is a test of the notification." in test
    assert "1 of 3 items could not be applied." in told
    assert "quiet" in on("notifications", "set", "--no-bell", "--no-log", *TARGET).out
    assert "neither a log file nor a command" in on("notifications", "test", *TARGET, code=1).err
    refused = on(
        "notifications", "set", "--log", "/no/such/folder/log", "--time-limit", "0", *TARGET, "--json", code=1
    ).error
    assert set(refused["fields"]) == {"--log", "--time-limit"}


def test_a_command_is_an_argument_list_that_no_shell_reads(on: Call, own_folders: Path) -> None:
    out = own_folders / "out; touch x"
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['VAULT_CONSOLE_NAME'])"
    on("notifications", "set", *TARGET, "--time-limit", "20", "--", sys.executable, "-c", code, str(out))
    on("notifications", "test", *TARGET)

    assert out.read_text(encoding="utf-8") == "Test"
    assert "There is no program" in on("notifications", "set", *TARGET, "--", "no-such-program", code=1).err


def test_how_long_a_job_may_run_is_set_per_vault(on: Call) -> None:
    assert "may take 90 seconds" in on("jobs", "limit", "receive", "90", *TARGET).out
    jobs = on("jobs", "list", *TARGET, "--json").document["jobs"]
    assert {job["kind"]: job["longest_seconds"] for job in jobs}["receive"] == 90
    assert "seconds are needed" in on("jobs", "limit", "receive", "0", *TARGET, code=1).err


def test_how_an_integration_applies_is_set_and_shown(on: Call) -> None:
    words = ("integrations", "set", "product_integration__c", "delete_policy=mark", "mark_field=name__v")
    bad = on(*words, *TARGET, "--json", code=1).error
    assert set(bad["fields"]) == {"mark_text"}

    saved = on(*words, "mark_text={value} Deleted", *TARGET, "--json").document
    assert saved["changed"] == ["delete_policy", "mark_field", "mark_text"]
    assert "Nothing differed" in on(*words, *TARGET).out
    shown = on("integrations", "show", "product_integration__c", *TARGET, "--json").document["integration"]
    assert shown["settings"]["mark_text"] == "{value} Deleted"
    assert "Delete policy        mark" in on("integrations", "show", "product_integration__c", *TARGET).out
    assert "Mark text            {value} Deleted" in on("integrations", "show", "product_integration__c", *TARGET).out


def test_last_successful_run_time_is_set_back_and_asks_for_the_jobs(on: Call) -> None:
    words = ("integrations", "last-run", "product_integration__c")
    assert "time" in on(*words, "someday", *SOURCE, "--json", code=1).error["fields"]

    answer = on(*words, "2026-01-01T00:00:00.000Z", *SOURCE, "--json").document
    assert (answer["changed"], answer["last_successful_run_time"]) == (True, "2026-01-01T00:00:00.000Z")
    asked = {job["kind"] for job in on("jobs", "list", *SOURCE, "--json").document["jobs"] if job["requested_at"]}
    assert asked == {"send", "receive"}
    assert "Nothing differed" in on(*words, "2026-01-01T00:00:00.000Z", *SOURCE).out


def test_an_engine_that_runs_elsewhere_carries_a_retry_out(on: Call, lab: Lab) -> None:
    on("jobs", "run", *SOURCE)
    on("jobs", "run", "receive", *TARGET)
    on("records", "set", lab.bad, "code__c=OK-1", *SOURCE)
    elsewhere = open_store(lab.path)
    try:
        with Engine(elsewhere):
            done = on("exceptions", "retry", "1", "--json").document["retry"]
    finally:
        elsewhere.close()

    assert (done["state"], done["failed"]) == ("done", 0)


def test_a_record_is_created_and_deleted_as_the_user_of_its_vault(on: Call) -> None:
    made = on("records", "create", "product__v", "name__v=New", "strength__c=7", *SOURCE, "--json").document
    shown = on("records", "show", made["id"], *SOURCE, "--json").document["record"]
    assert (shown["name"], shown["fields"]["strength__c"]["value"]) == ("New", "7")
    assert on("records", "delete", made["id"], *SOURCE, "--json").document["deleted"] is True
    assert on("records", "show", made["id"], *SOURCE, code=1).err


def test_a_record_that_cannot_be_created_names_every_bad_field(on: Call) -> None:
    refused = on("records", "create", "product__v", "strength__c=much", "launched__c=soon", *SOURCE, code=1).err
    for field in ("strength__c", "launched__c", "name__v"):
        assert field in refused
    assert on("records", "create", "nothing__v", "name__v=New", *SOURCE, code=1).err
    assert on("records", "delete", "NOWHERE", *SOURCE, code=1).err


def test_seed_fills_an_empty_store_with_a_lab_and_refuses_to_do_it_twice(on: Call, tmp_path: Path) -> None:
    labs = on("--json", "seed", "--list").document["labs"]
    assert [lab["lab"] for lab in labs] == ["running", "untouched", "broken"]
    place = str(tmp_path / "fresh.sqlite3")
    assert on("--store", place, "--readonly", "seed", "broken", code=1).err
    made = on("--store", place, "--json", "seed", "broken").document
    assert len(made["vaults"]) == 9
    assert [fault["name"] for fault in made["faults"]]
    assert "already holds Vaults" in on("--store", place, "seed", code=1).err
    assert "running, untouched, broken" in on("--store", place, "seed", "bogus", code=1).err


def test_seed_makes_any_set_of_standard_connections_in_any_state(on: Call, tmp_path: Path) -> None:
    def seeded(name: str, *options: str, code: int = 0) -> Answer:
        return on("--store", str(tmp_path / name), "--json", "seed", *options, code=code)

    made = seeded("untouched", "--connections", "eCOA-ClinOps", "--state", "untouched").document
    assert made["connections"] == ["ecoa_clinops"]
    assert [vault["name"] for vault in made["vaults"]] == ["Clinical Operations", "eCOA"]
    filled = seeded("filled", "--connections", "ecoa_clinops", "--records", "60").document
    assert sum(vault["records"] for vault in filled["vaults"]) > 60
    broken = seeded("broken", "--connections", "ecoa_clinops", "--state", "broken", "--fault", "user-gone").document
    assert [fault["name"] for fault in broken["faults"]] == ["user-gone"]
    for options, words in (
        (("--connections", "nowhere"), "no standard connection nowhere"),
        (("running", "--all"), "not both"),
        (("--records", "5"), "need --connections or --all"),
        (("--connections", "ecoa_clinops", "--state", "odd"), "untouched, established, running, broken"),
        (("--connections", "ecoa_clinops", "--fault", "user-gone"), "belong to the state broken"),
        (("--connections", "ecoa_clinops", "--state", "broken", "--fault", "odd"), "There is no fault odd"),
        (("--connections", "ecoa_clinops", "--records", "-1"), "from 0 to 1,000,000"),
        (("--connections", ","), "at least one standard connection"),
    ):
        assert words in seeded("refused", *options, code=1).err

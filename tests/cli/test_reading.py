"""What the command line tells about a store: every list and detail, in text and in JSON."""

import pytest

from tests.cli.conftest import ODD, Call, Lab

SOURCE, TARGET = "Source", "Target"

READING = [
    "status",
    "vaults",
    "connections list",
    "connections show lab_connection__c --vault Source",
    "integrations list",
    "integrations list --connection lab_connection__c --vault Target",
    "integrations show product_integration__c --vault Target",
    "queues list",
    "queues show lab_outbound__c",
    "certificates list",
    "certificates show 00001",
    "exceptions list",
    "exceptions list --all",
    "exceptions list --inactive --side target --type timeout --point product_inbound__c --text y",
    "exceptions list --connection lab_connection__c",
    "exceptions retries",
    "notifications show",
    "exceptions show 1",
    "records list --vault Source",
    "records list product__v --vault Source",
    "records show {good} --vault Source",
    "jobs list",
    "jobs runs",
    "jobs runs --all",
    "jobs show 1",
    "clock show",
    "info",
]


@pytest.fixture
def moved(on: Call) -> None:
    on("--vault", SOURCE, "jobs", "run")
    on("--vault", TARGET, "jobs", "run", "receive")


@pytest.mark.usefixtures("moved")
def test_every_list_and_detail_answers_in_text_and_in_json(on: Call, lab: Lab) -> None:
    for words in (line.format(good=lab.good) for line in READING):
        text = on(*words.split())
        assert text.out.strip(), words
        assert not text.err, words
        assert on(*words.split(), "--json").document, words


def test_a_store_without_vaults_says_so(call: Call, tmp_path_factory: pytest.TempPathFactory) -> None:
    from models.opening import open_store

    path = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    open_store(path).close()

    assert "holds no Vaults" in call("vaults", "--store", str(path)).out
    assert call("vaults", "--store", str(path), "--json").document == {"vaults": []}
    assert "demo" in call("records", "list", "--store", str(path), code=1).err


def test_a_store_that_is_not_there_is_refused_and_not_made(call: Call, lab: Lab) -> None:
    missing = lab.path.with_name("missing.sqlite3")

    assert "no store at" in call("vaults", "--store", str(missing), code=1).err
    assert not missing.exists()


def test_options_count_before_and_after_the_command(on: Call) -> None:
    before = on("--json", "--vault", SOURCE, "connections", "list").document
    after = on("connections", "list", "--vault", SOURCE, "--json").document
    between = on("connections", "--json", "--vault", SOURCE, "list").document

    assert before == after == between
    assert [row["vault"] for row in before["connections"]] == [SOURCE]


@pytest.mark.parametrize("name", ["1001", "source", "SOURCE", "Sou", "vault-1001.lab.example.com", "vault-1001"])
def test_a_vault_is_named_by_id_name_or_host_or_by_how_these_begin(on: Call, name: str) -> None:
    assert [row["id"] for row in on("vaults", "--vault", name, "--json").document["vaults"]] == [1001]


def test_a_name_that_means_several_vaults_or_none_is_refused_with_the_choice(on: Call) -> None:
    several = on("vaults", "--vault", "100", code=1).err
    none = on("vaults", "--vault", "Nowhere", code=1).err

    assert "Several" in several
    for text in (several, none):
        assert SOURCE in text
        assert TARGET in text


def test_what_needs_one_vault_asks_for_it(on: Call) -> None:
    assert "--vault" in on("records", "list", code=1).err
    assert "--vault" in on("connections", "show", "lab_connection__c", code=1).err


def test_records_are_found_by_what_their_fields_hold(on: Call, lab: Lab) -> None:
    def found(*conditions: str) -> list[str]:
        words = [word for condition in conditions for word in ("--where", condition)]
        document = on("records", "list", "product__v", "--vault", SOURCE, "--json", *words).document
        assert document["total"] == len(document["records"])
        return [row["record_id"] for row in document["records"]]

    assert found() == [lab.good, lab.odd, lab.bad]
    assert found("code__c=G-1") == [lab.good]
    assert found("strength__c=2.5") == [lab.odd]
    assert found("strength__c=5") == [lab.good]
    assert found("marketed__c=yes") == [lab.good]
    assert found("marketed__c=no") == []
    assert found("strength__c=") == [lab.bad]
    assert found("name__v=Bad", "status__v=active__v") == [lab.bad]
    assert found("link__sys=") == [lab.good, lab.odd, lab.bad]
    assert found("created_by__v=nobody@lab.example.com") == []


def test_conditions_that_cannot_be_met_are_all_named(on: Call) -> None:
    words = ["--where", "nonsense__c=1", "--where", "strength__c=much", "--where", "created_date__v=soon"]
    error = on("records", "list", "product__v", "--vault", SOURCE, "--json", *words, code=1).error

    assert set(error["fields"]) == {"nonsense__c", "strength__c", "created_date__v"}


def test_a_list_that_is_cut_says_how_much_there_is(on: Call) -> None:
    assert "1 of 3 records" in on("records", "list", "product__v", "--vault", SOURCE, "--limit", "1").out


def test_a_list_of_records_shows_the_fields_that_are_asked_for(on: Call) -> None:
    out = on("records", "list", "product__v", "--vault", SOURCE, "--field", "code__c", "--field", "global_id__sys").out

    assert "G-1" in out
    assert "1001_" in out


def test_a_record_is_found_by_its_global_id_in_whatever_vault(on: Call, lab: Lab) -> None:
    rows = on("records", "list", "product__v", "--vault", SOURCE, "--json").document["records"]

    assert on("records", "show", rows[0]["global_id"], "--json").document["record"]["id"] == lab.good


def test_a_record_id_that_two_vaults_have_needs_the_vault(on: Call, lab: Lab) -> None:
    on("jobs", "run", "--vault", SOURCE)
    on("jobs", "run", "receive", "--vault", TARGET)

    assert "Several Vaults" in on("records", "show", lab.good, code=1).err
    assert on("records", "show", lab.good, "--vault", SOURCE, "--json").document["record"]["vault_id"] == 1001
    assert "no record" in on("records", "show", "V0A999", code=1).err


def test_stored_text_is_shown_and_never_obeyed(on: Call, lab: Lab) -> None:
    text = on("records", "show", lab.odd, "--vault", SOURCE).out
    listed = on("records", "list", "product__v", "--vault", SOURCE).out
    document = on("records", "show", lab.odd, "--vault", SOURCE, "--json").document

    for out in (text, listed):
        assert "[/foo] \\x1b[31mred\\u202e [@click=app.quit]x[/]" in out
        assert "\x1b" not in out
    assert document["record"]["name"] == ODD


@pytest.mark.usefixtures("moved")
def test_an_exception_tells_which_field_of_which_record_is_wrong(on: Call) -> None:
    document = on("exceptions", "list", "--json").document
    assert document["total"] == 1
    text = on("exceptions", "show", str(document["exceptions"][0]["id"])).out

    assert "Bad" in text
    assert "at most 5" in text


def test_numbers_that_name_nothing_are_refused(on: Call) -> None:
    assert "no user exception message 99" in on("exceptions", "show", "99", code=1).err
    assert "no job run 99" in on("jobs", "show", "99", code=1).err
    assert "no certificate" in on("certificates", "show", "77", code=1).err


def test_a_certificate_is_printed_for_a_file_without_its_private_key(on: Call) -> None:
    pem = on("certificates", "show", "00001", "--pem").out

    assert pem.startswith("-----BEGIN CERTIFICATE-----")
    assert pem.rstrip().endswith("-----END CERTIFICATE-----")
    assert "PRIVATE" not in pem


def test_status_counts_what_waits_and_what_failed(on: Call) -> None:
    on("jobs", "run", "--vault", SOURCE)
    waiting = on("status", "--json").document
    on("jobs", "run", "receive", "--vault", TARGET)
    arrived = on("status", "--json").document

    assert [(row["vault"], row["queued"]) for row in waiting["queues"]] == [(TARGET, 1)]
    assert waiting["exceptions"] == 0
    assert arrived["queues"] == []
    assert arrived["exceptions"] == 1
    assert arrived["open_items"] == 1
    assert {row["vault"]: (row["sent"], row["received"]) for row in arrived["connections"]} == {
        SOURCE: (1, 0),
        TARGET: (0, 1),
    }
    assert arrived["clock"]["engine"]["runs"] is False


def test_both_halves_of_a_connection_are_told_with_what_is_missing(on: Call, moved: None) -> None:  # noqa: ARG001
    told = on("connections", "both", "lab_connection__c", "--vault", SOURCE)
    assert "Established" in told.out
    document = on("--json", "connections", "both", "lab_connection__c", "--vault", SOURCE).document
    assert document["established"] is True
    assert (document["near"]["vault"], document["far"]["vault"]) == (SOURCE, TARGET)
    assert [bool(pair["near"] and pair["far"]) for pair in document["points"]] == [True]


def test_the_last_day_is_told_hour_by_hour(on: Call, moved: None) -> None:  # noqa: ARG001
    (vault, _) = on("--json", "jobs", "trends").document["vaults"]
    assert len(vault["hours"]) == 24
    assert sum(hour["entered"] for hour in vault["hours"]) > 0
    assert "Longest send" in on("jobs", "trends", "--vault", SOURCE).out

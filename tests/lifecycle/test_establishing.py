"""Download Connection File in the one Vault, Connect from File in the other (seed S1)."""

import dataclasses
import re
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from models.connection_file import write_file
from models.errors import NotAllowed, NotFound, NotPossible
from models.permissions import Permission
from models.queries.connection_detail import approval_view, timeline
from models.services.connection_deleting import delete_connection
from models.services.connection_editing import edit_connection
from models.services.connection_files import FilePreview, download_connection_file, preview_file
from models.services.connection_workflow import complete_task
from models.services.vaults import create_profile, create_user
from models.signing_keys import read_private_key
from models.store import Store
from models.tables import AuditRow, Connection, ConnectionState, ConnectionType, SigningCertificate, table_of
from tests.builders import ADMIN, key, make_connection, make_vault, user
from tests.lifecycle.conftest import SOURCE, TARGET, THIRD, Desk

ACTIVE, APPROVED, PENDING = ConnectionState.ACTIVE, ConnectionState.APPROVED, ConnectionState.PENDING
_audit = table_of(AuditRow)


def preview(desk: Desk, vault_id: int, data: bytes) -> FilePreview:
    with desk.store.read() as session:
        return preview_file(session, desk.admin(vault_id), data, desk.clock.now())


def refusal(desk: Desk, vault_id: int, data: bytes) -> str:
    """Why the file is refused: the preview and the act say the same, and nothing has changed."""
    with desk.store.read() as session:
        before = session.execute(select(table_of(Connection))).all()
    told = preview(desk, vault_id, data).refusal
    with pytest.raises(NotPossible) as refused:
        desk.connect(vault_id, data)
    with desk.store.read() as session:
        assert session.execute(select(table_of(Connection))).all() == before
    assert told == refused.value.message
    assert refused.value.remedy
    return told


def signed_again(desk: Desk, **changes: Any) -> bytes:
    """The last file, with other content, under a good signature: what a forger with the key could write."""
    content = dataclasses.replace(desk.downloads[-1].content, **changes)
    with desk.store.read() as session:
        sealed = session.scalars(select(SigningCertificate)).one().sealed_private_key
    return write_file(content, read_private_key(desk.store.secrets.open(sealed)))


# With a Remote Vault ID


def test_a_file_that_names_this_vault_makes_both_sides_active_at_once(desk: Desk) -> None:
    ours, theirs = desk.connection(SOURCE, remote_vault_id=TARGET), desk.connection(TARGET)
    data = desk.download(ours)
    assert desk.states(ours, theirs) == [PENDING, PENDING]
    assert desk.connect(TARGET, data) == theirs
    one, two = desk.row(ours), desk.row(theirs)
    assert (one.state, two.state) == (ACTIVE, ACTIVE)
    assert (one.remote_connection_id, two.remote_connection_id) == (theirs, ours)
    assert (one.remote_vault_id, one.remote_vault_name, one.remote_dns_host) == (
        TARGET,
        "Target",
        "vault-1002.lab.example.com",
    )
    assert (two.remote_vault_id, two.remote_vault_name) == (SOURCE, "Source")


def test_the_file_says_who_asks_and_for_how_long(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE, remote_vault_id=TARGET))
    file = desk.downloads[-1]
    document = orjson.loads(data)
    assert file.name == "lab_connection__c-1001.vaultconnection"
    assert document["version"] == 1
    assert (document["source_vault_id"], document["source_vault_name"], document["remote_vault_id"]) == (
        SOURCE,
        "Source",
        TARGET,
    )
    assert (document["api_name"], document["connection_type"]) == ("lab_connection__c", "vault_to_vault__sys")
    assert document["record_id"] == "V17000000001001"
    assert (file.content.expires_at - file.content.issued_at).days == 7


def test_a_custom_connection_that_the_target_does_not_have_is_created_there(desk: Desk) -> None:
    ours = desk.connection(SOURCE, remote_vault_id=TARGET)
    data = desk.download(ours)
    told = preview(desk, TARGET, data)
    assert told.refusal is None
    assert told.creates
    assert "Create the connection Lab Connection." in told.steps
    theirs = desk.row(desk.connect(TARGET, data))
    assert (theirs.vault_id, theirs.api_name, theirs.state) == (TARGET, "lab_connection__c", ACTIVE)


def test_a_preview_says_what_would_happen_and_does_nothing(desk: Desk) -> None:
    ours, theirs = desk.connection(SOURCE, remote_vault_id=TARGET), desk.connection(TARGET)
    data = desk.download(ours)
    told = preview(desk, TARGET, data)
    assert (told.connection_id, told.creates, told.needs_approval) == (theirs, False, False)
    assert told.steps[0] == "Connect with Source (1001) through its connection Lab Connection."
    assert desk.states(ours, theirs) == [PENDING, PENDING]
    assert desk.connect(TARGET, data) == theirs


def test_the_sides_of_a_standard_connection_find_each_other_under_different_api_names(desk: Desk) -> None:
    standard = {"system_managed": True, "standard_connection": "rim_clinops"}
    ours = desk.connection(SOURCE, "rim_to_clinical_connection__v", remote_vault_id=TARGET, **standard)
    desk.connection(TARGET, "other__v", system_managed=True, standard_connection="other")
    theirs = desk.connection(TARGET, "clinical_to_rim_connection__v", **standard)
    assert desk.connect(TARGET, desk.download(ours)) == theirs


def test_a_standard_connection_that_the_target_does_not_have_is_not_created(desk: Desk) -> None:
    ours = desk.connection(SOURCE, "rim__v", system_managed=True, standard_connection="rim_clinops")
    assert "has no standard connection" in refusal(desk, TARGET, desk.download(ours))


def test_what_happens_in_the_other_vault_is_audited_there_on_behalf_of_who_did_it(desk: Desk) -> None:
    desk.pair()
    with desk.store.read() as session:
        rows = session.execute(select(_audit).where(_audit.c.action == "Establish Connection")).all()
    told = {(row.vault_id, row.user_name, row.on_behalf_of) for row in rows}
    assert told == {(TARGET, ADMIN, ""), (SOURCE, "System", f"{ADMIN} (Vault {TARGET})")}


# Refusals


def test_a_file_for_another_vault_is_refused(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE, remote_vault_id=THIRD))
    assert refusal(desk, TARGET, data) == "This file is for Vault 1003; this is Vault 1002."


def test_a_file_is_refused_in_the_vault_that_it_came_from(desk: Desk) -> None:
    assert "this very Vault" in refusal(desk, SOURCE, desk.download(desk.connection(SOURCE)))


def test_a_file_is_good_for_one_use(desk: Desk) -> None:
    ours = desk.connection(SOURCE, remote_vault_id=TARGET)
    data = desk.download(ours)
    desk.connect(TARGET, data)
    assert "already used" in refusal(desk, TARGET, data)


def test_a_file_expires(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE))
    desk.clock.advance(days=7, seconds=-1)
    assert preview(desk, TARGET, data).refusal is None
    desk.clock.advance(seconds=2)
    assert "expired" in refusal(desk, TARGET, data)


def test_a_newer_file_takes_the_older_ones_place(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    older, newer = desk.download(ours), desk.download(ours)
    assert "no longer good" in refusal(desk, TARGET, older)
    assert preview(desk, TARGET, newer).refusal is None


@pytest.mark.parametrize("changes", [{"api_name": "renamed__c"}, {"remote_vault_id": THIRD}])
def test_a_file_is_no_longer_good_when_what_it_says_was_edited(desk: Desk, changes: dict[str, object]) -> None:
    ours = desk.connection(SOURCE)
    data = desk.download(ours)
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SOURCE), ours, changes, confirm_api_name=True)
    assert "no longer good" in refusal(desk, TARGET, data)


def test_a_file_is_no_longer_good_when_its_connection_is_gone(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    data = desk.download(ours)
    with desk.store.write() as write:
        delete_connection(write, desk.admin(SOURCE), ours)
    assert "no longer exists" in refusal(desk, TARGET, data)


def test_every_single_changed_byte_is_refused(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE, remote_vault_id=TARGET))
    with desk.store.read() as session:
        admin, now = desk.admin(TARGET), desk.clock.now()
        for place in range(len(data)):
            for changed in (data[place] ^ 1, 32 if data[place] != 32 else 9):
                forged = data[:place] + bytes([changed]) + data[place + 1 :]
                assert preview_file(session, admin, forged, now).refusal, (place, changed)
        for added in (data + b"\n", b" " + data, data + b"x"):
            assert preview_file(session, admin, added, now).refusal
        assert preview_file(session, admin, data, now).refusal is None


def test_a_changed_vault_id_is_named_as_a_change(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE, remote_vault_id=THIRD))
    assert "was changed after it was downloaded" in refusal(desk, TARGET, data.replace(b": 1003", b": 1002"))


def test_a_truncated_file_and_one_that_is_something_else_are_told_apart(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE))
    for length in (1, 10, 100, len(data) - 2):
        assert "damaged or not complete" in refusal(desk, TARGET, data[:length])
    for other in (b"", b"hello", b"[]", b"{}", b"\xff\xfe\x00", b"null", b"x" * 100_000):
        assert "not a connection file" in refusal(desk, TARGET, other)


def test_a_file_of_another_format_version_is_refused(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE))
    other = re.sub(rb'"version": 1', b'"version": 2', data)
    assert "format version 2; only version 1" in refusal(desk, TARGET, other)


def test_a_file_signed_with_an_unknown_or_expired_certificate_is_refused(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE))
    assert "not known here" in refusal(desk, TARGET, signed_again(desk, certificate_id="99999"))
    desk.clock.advance(days=20 * 365)
    assert "is not valid now" in refusal(desk, TARGET, data)


def test_a_file_of_another_type_of_connection_is_refused(desk: Desk) -> None:
    desk.download(desk.connection(SOURCE))
    assert "another type" in refusal(desk, TARGET, signed_again(desk, connection_type="local__sys"))


def test_a_file_does_not_connect_with_a_local_connection_of_the_same_name(desk: Desk) -> None:
    data = desk.download(desk.connection(SOURCE))
    desk.connection(TARGET, type=ConnectionType.LOCAL)
    assert "is of type Local" in refusal(desk, TARGET, data)


def test_vaults_of_different_domains_are_refused_unless_the_connection_works_across_them(desk: Desk) -> None:
    with desk.store.write() as write:
        make_vault(write, 2001, "Elsewhere", domain="elsewhere.example.com")
    plain = desk.connection(SOURCE)
    assert "of domain" in refusal(desk, 2001, desk.download(plain))
    crm = desk.connection(SOURCE, "crm__c", cross_domain=True, remote_vault_id=2001)
    theirs = desk.connect(2001, desk.download(crm))
    assert desk.states(crm, theirs) == [ACTIVE, ACTIVE]


def test_a_sandbox_does_not_connect_itself_with_production(desk: Desk) -> None:
    with desk.store.write() as write:
        make_vault(write, 3001, "Sandbox", parent_id=SOURCE)
        make_vault(write, 3002, "Other Sandbox", parent_id=TARGET)
    data = desk.download(desk.connection(3001))
    assert "is a sandbox and Target a production Vault" in refusal(desk, TARGET, data)
    assert preview(desk, 3002, data).refusal is None


def test_an_established_target_is_refused_until_it_is_reset(desk: Desk) -> None:
    _ours, theirs = desk.pair()
    data = desk.download(desk.connection(THIRD, remote_vault_id=TARGET))
    assert "already established with Vault 1001" in refusal(desk, TARGET, data)
    desk.reset(theirs)
    assert preview(desk, TARGET, data).refusal is None


def test_a_target_that_names_another_vault_is_refused(desk: Desk) -> None:
    desk.connection(TARGET, remote_vault_id=THIRD)
    assert "names Vault 1003" in refusal(desk, TARGET, desk.download(desk.connection(SOURCE)))


def test_only_a_pending_vault_to_vault_connection_has_a_file(desk: Desk) -> None:
    ours, _theirs = desk.pair()
    external = desk.connection(SOURCE, "external__c", type=ConnectionType.EXTERNAL)
    for connection_id, words in ((ours, "reset the connection first"), (external, "of type External")):
        with pytest.raises(NotPossible, match=words):
            desk.download(connection_id)
    with pytest.raises(NotFound):
        desk.download(ours, desk.admin(THIRD))


def test_without_a_current_certificate_there_is_no_file(store: Store) -> None:
    with store.write() as write:
        make_vault(write, 1001)
        ours = key(make_connection(write, 1001))
    with pytest.raises(NotPossible, match="no signing certificate"), store.write() as write:
        download_connection_file(write, user(store, 1001), store.secrets, ours)


# Without a Remote Vault ID: approval


def test_without_a_remote_vault_id_both_vaults_approve_in_either_order(desk: Desk) -> None:
    for number, first_is_source in enumerate((True, False)):
        ours = desk.connection(SOURCE, f"lab_{number}__c")
        theirs = desk.connect(TARGET, desk.download(ours))
        assert desk.states(ours, theirs) == [PENDING, PENDING]
        first, second = (ours, theirs) if first_is_source else (theirs, ours)
        assert desk.complete(first) is APPROVED
        assert desk.states(first, second) == [APPROVED, PENDING]
        assert desk.complete(second) is ACTIVE
        assert desk.states(ours, theirs) == [ACTIVE, ACTIVE]
        assert desk.row(ours).remote_vault_name == "Target"


def test_who_may_not_start_workflows_cannot_use_a_file_without_remote_vault_id(desk: Desk) -> None:
    with desk.store.write() as write:
        create_profile(write, TARGET, "Connector", [Permission.MANAGE_CONNECTIONS])
        create_user(write, TARGET, "connector", "", "", "Connector")
    connector = user(desk.store, TARGET, "connector")
    ours = desk.connection(SOURCE)
    data = desk.download(ours)
    with desk.store.read() as session:
        assert "Workflow: Start" in (preview_file(session, connector, data, desk.clock.now()).refusal or "")
    with pytest.raises(NotAllowed, match="Workflow: Start"):
        desk.connect(TARGET, data, connector)
    with desk.store.write() as write:
        edit_connection(write, desk.admin(SOURCE), ours, {"remote_vault_id": TARGET})
    theirs = desk.connect(TARGET, desk.download(ours), connector)
    assert desk.states(ours, theirs) == [ACTIVE, ACTIVE]


def test_a_rejection_takes_both_back_to_pending_and_closes_both_tasks(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    data = desk.download(ours)
    theirs = desk.connect(TARGET, data)
    desk.complete(ours)
    assert desk.complete(theirs, approve=False) is PENDING
    assert desk.states(ours, theirs) == [PENDING, PENDING]
    for connection_id in (ours, theirs):
        with pytest.raises(NotPossible, match="no approval task"):
            desk.complete(connection_id)
    assert "already used" in refusal(desk, TARGET, data)
    desk.connect(TARGET, desk.download(ours))


def test_a_vault_approves_only_once_and_only_its_own_side(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    desk.connect(TARGET, desk.download(ours))
    with pytest.raises(NotFound), desk.store.write() as write:
        complete_task(write, desk.admin(TARGET), ours, approve=True)
    desk.complete(ours)
    with pytest.raises(NotPossible, match="approved in this Vault already"):
        desk.complete(ours)


def test_while_an_approval_waits_neither_side_is_given_away(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    for connection_id in (ours, theirs):
        with pytest.raises(NotPossible, match="waits for an approval"):
            desk.download(connection_id)
        with pytest.raises(NotPossible, match="waits for an approval"):
            desk.reset(connection_id)
    third = desk.connection(THIRD)
    assert "waits for an approval" in refusal(desk, TARGET, desk.download(third))


def test_the_timeline_says_who_did_what_when_with_which_verdict(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    desk.complete(ours)
    desk.clock.advance(hours=1)
    desk.complete(theirs)
    with desk.store.read() as session:
        lines = timeline(session, SOURCE, ours)
        assert timeline(session, TARGET, ours) == ()
    told = [(line.what, line.who, line.verdict) for line in lines]
    assert told == [
        ("Download Connection File", ADMIN, None),
        ("Approval requested: connection with Target (1002)", f"{ADMIN} (Vault 1002)", None),
        ("Approval task of Vault 1001 completed", ADMIN, "approved"),
        ("Approval task of Vault 1002 completed", f"{ADMIN} (Vault 1002)", "approved"),
        ("Established with Target (1002)", f"{ADMIN} (Vault 1002)", None),
    ]
    assert lines[-1].at >= lines[0].at
    assert (lines[3].at - lines[2].at).seconds >= 3599


def test_an_approval_shows_both_tasks(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    desk.complete(theirs)
    with desk.store.read() as session:
        view = approval_view(session, SOURCE, ours)
    assert view is not None
    assert (view.own_open, view.remote_open, view.remote_vault) == (True, False, "Target")


def test_deleting_a_side_that_waits_for_approval_frees_the_other_one(desk: Desk) -> None:
    ours = desk.connection(SOURCE)
    theirs = desk.connect(TARGET, desk.download(ours))
    desk.complete(theirs)
    with desk.store.write() as write:
        delete_connection(write, desk.admin(SOURCE), ours)
    assert desk.states(theirs) == [PENDING]
    desk.download(theirs)

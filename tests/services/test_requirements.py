"""What an integration needs keeps it from being activated until it is there (seed S0, "Integration Dependencies")."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from models.errors import InvalidInput, NotAllowed, NotPossible
from models.feed import Topic
from models.permissions import Actor
from models.queries.changes import last_change
from models.queries.requirements import (
    IntegrationRequirements,
    Requirement,
    RequirementKind,
    lacking,
    requirements_of,
    requirements_of_connection,
)
from models.services.connection_editing import duplicate_connection
from models.services.integration_needs import Needs
from models.services.integrations import create_integration
from models.services.sandboxes import create_sandbox, refresh_sandbox
from models.services.undo import undo
from models.services.vault_settings import KNOWN_APPLICATIONS, change_vault_settings, with_and_without
from models.services.vaults import create_user
from models.store import Store
from models.tables import AuditRow, Integration, Vault, table_of
from tests.builders import ADMIN, make_vault, user
from tests.quality import ENHANCED, QUALITY, RIM, TRANSFER, VARIATION, Quality, is_active, quality_and_rim, switch


@pytest.fixture
def lab(store: Store) -> Quality:
    return quality_and_rim(store)


@pytest.fixture
def admin(store: Store, lab: Quality) -> Actor:
    assert lab.connections
    return user(store, QUALITY)


def needs(store: Store, key: int) -> IntegrationRequirements:
    with store.read() as session:
        found = requirements_of(session, key)
    assert found is not None
    return found


def one(store: Store, key: int, kind: RequirementKind, side: str = "own") -> Requirement:
    return next(each for each in needs(store, key).requirements if (each.kind, each.side) == (kind, side))


def set_vault(
    store: Store, vault_id: int, *, applications: Sequence[str] | None = None, features: Sequence[str] | None = None
) -> None:
    with store.write() as write:
        change_vault_settings(write, Actor.system(vault_id), applications=applications, features=features)


def refusal(store: Store, actor: Actor, key: int, *, on: bool = True) -> NotPossible:
    with pytest.raises(NotPossible) as refused:
        switch(store, actor, key, on=on)
    assert is_active(store, key) is not on
    return refused.value


# Dependencies and supersession


def test_enhanced_change_control_waits_for_product_transfer(store: Store, lab: Quality, admin: Actor) -> None:
    refused = refusal(store, admin, lab.id(ENHANCED))
    assert refused.message == (
        "Enhanced Change Control cannot be activated. Product Transfer, which it needs, is inactive."
    )
    assert refused.remedy == "Activate Product Transfer first."
    assert switch(store, admin, lab.id(TRANSFER))
    assert switch(store, admin, lab.id(ENHANCED))


def test_product_transfer_stays_on_as_long_as_enhanced_change_control_is(
    store: Store, lab: Quality, admin: Actor
) -> None:
    switch(store, admin, lab.id(TRANSFER))
    switch(store, admin, lab.id(ENHANCED))
    refused = refusal(store, admin, lab.id(TRANSFER), on=False)
    assert str(refused) == (
        "Product Transfer is needed by Enhanced Change Control, which is active. "
        "Inactivate Enhanced Change Control first."
    )
    assert switch(store, admin, lab.id(ENHANCED), on=False)
    assert switch(store, admin, lab.id(TRANSFER), on=False)


def test_only_one_of_enhanced_change_control_and_variation_management_is_on(
    store: Store, lab: Quality, admin: Actor
) -> None:
    switch(store, admin, lab.id(TRANSFER))
    switch(store, admin, lab.id(VARIATION))
    assert "Inactivate Variation Management first." in refusal(store, admin, lab.id(ENHANCED)).remedy
    switch(store, admin, lab.id(VARIATION), on=False)
    switch(store, admin, lab.id(ENHANCED))
    refused = refusal(store, admin, lab.id(VARIATION))
    assert "Enhanced Change Control, which supersedes it, is active." in refused.message
    assert "Use Enhanced Change Control" in refused.remedy


def test_the_other_vaults_integrations_are_its_own_affair(store: Store, lab: Quality, admin: Actor) -> None:
    assert switch(store, user(store, RIM), lab.id(TRANSFER, RIM))
    assert switch(store, user(store, RIM), lab.id(ENHANCED, RIM))
    refusal(store, admin, lab.id(ENHANCED))


def test_an_integration_that_does_not_exist_cannot_be_depended_on(store: Store, lab: Quality, admin: Actor) -> None:
    with store.write() as write:
        made = create_integration(
            write, admin, lab.connections[QUALITY], name="Custom", needs=Needs(depends_on=("nowhere__c",))
        )
        key = made.id or 0
    assert "nowhere__c, which it needs, does not exist on this connection." in refusal(store, admin, key).message


def test_integrations_of_a_sandbox_depend_on_those_of_the_sandbox(store: Store, lab: Quality, admin: Actor) -> None:
    switch(store, admin, lab.id(TRANSFER))
    with store.write() as write:
        create_sandbox(write, admin, id=1009, name="Sandbox", dns_host="sandbox.lab.example.com")
    with store.read() as session:
        assert session.get_one(Vault, 1009).applications == ["QMS", "QualityDocs"]
        columns = table_of(Integration).c
        statement = select(columns.name, columns.id).where(columns.vault_id == 1009)
        copies = {row.name: row.id for row in session.execute(statement)}
    switch(store, admin, lab.id(TRANSFER), on=False)
    assert one(store, copies[ENHANCED], RequirementKind.DEPENDENCY).key == copies[TRANSFER]
    assert switch(store, user(store, 1009), copies[ENHANCED])


def test_integrations_of_a_duplicate_depend_on_those_of_the_duplicate(store: Store, lab: Quality, admin: Actor) -> None:
    switch(store, admin, lab.id(TRANSFER))
    switch(store, admin, lab.id(ENHANCED))
    with store.write() as write:
        copy = duplicate_connection(write, admin, lab.connections[QUALITY], name="Second", api_name="second__c")
        key = copy.id or 0
    with store.read() as session:
        found = {each.name: each for each in requirements_of_connection(session, key)}
    (dependency,) = (each for each in found[ENHANCED].requirements if each.kind is RequirementKind.DEPENDENCY)
    assert dependency.key == found[TRANSFER].key != lab.id(TRANSFER)


def test_a_refreshed_sandbox_has_the_settings_of_its_parent(store: Store, admin: Actor) -> None:
    with store.write() as write:
        create_sandbox(write, admin, id=1009, name="Sandbox", dns_host="sandbox.lab.example.com")
    set_vault(store, 1009, features=())
    set_vault(store, QUALITY, features=("Change Control", "Deviations"))
    with store.write() as write:
        refresh_sandbox(write, admin, 1009)
    with store.read() as session:
        assert session.get_one(Vault, 1009).features == ["Change Control", "Deviations"]


# Applications and local features


def test_everything_that_its_own_vault_lacks_is_named_at_once(store: Store, lab: Quality, admin: Actor) -> None:
    set_vault(store, QUALITY, applications=("QualityDocs",), features=())
    refused = refusal(store, admin, lab.id(ENHANCED))
    assert refused.message == (
        "Enhanced Change Control cannot be activated. Quality has no application QMS. "
        "Change Control is not configured in Quality. Product Transfer, which it needs, is inactive."
    )
    assert "Add the application QMS in the settings of Quality." in refused.remedy
    assert "Configure Change Control there" in refused.remedy


def test_product_transfer_works_with_any_application(store: Store, lab: Quality, admin: Actor) -> None:
    set_vault(store, QUALITY, applications=(), features=())
    set_vault(store, RIM, applications=())
    assert switch(store, admin, lab.id(TRANSFER))


@pytest.mark.parametrize(("has", "met"), [(["etmf"], True), (["CTMS", "Payments"], True), (["Payments"], False)])
def test_of_alternatives_one_is_enough_whatever_its_capitals(
    store: Store, lab: Quality, admin: Actor, has: list[str], met: bool
) -> None:
    with store.write() as write:
        needed = Needs(required_applications=("CTMS|eTMF| Study Startup",))
        made = create_integration(write, admin, lab.connections[QUALITY], name="Custom", needs=needed)
        key = made.id or 0
    set_vault(store, QUALITY, applications=has)
    found = one(store, key, RequirementKind.APPLICATION)
    assert (found.name, found.met) == ("CTMS, eTMF or Study Startup", met)
    if not met:
        assert "none of the applications CTMS, eTMF and Study Startup" in refusal(store, admin, key).message


def test_what_the_partner_vault_lacks_is_told_and_blocks_nothing(store: Store, lab: Quality, admin: Actor) -> None:
    set_vault(store, RIM, applications=("Submissions",))
    found = one(store, lab.id(ENHANCED), RequirementKind.APPLICATION, "partner")
    assert (found.met, found.blocks, found.problem) == (False, False, "RIM has no application Registrations.")
    switch(store, admin, lab.id(TRANSFER))
    assert switch(store, admin, lab.id(ENHANCED))


def test_nobody_knows_what_a_partner_has_before_the_connection_is_established(store: Store) -> None:
    lab = quality_and_rim(store, established=False)
    found = one(store, lab.id(ENHANCED), RequirementKind.APPLICATION, "partner")
    assert (found.met, found.problem) == (None, "")
    assert "once the connection is established" in found.remedy


def test_an_active_integration_goes_on_when_its_application_is_taken_away(
    store: Store, lab: Quality, admin: Actor
) -> None:
    switch(store, admin, lab.id(TRANSFER))
    switch(store, admin, lab.id(ENHANCED))
    set_vault(store, QUALITY, applications=())
    assert is_active(store, lab.id(ENHANCED))
    with store.read() as session:
        assert [each.name for each in lacking(session, QUALITY)] == [ENHANCED]
        assert lacking(session, RIM) == ()
    switch(store, admin, lab.id(ENHANCED), on=False)
    refusal(store, admin, lab.id(ENHANCED))


def test_a_side_of_a_connection_tells_what_all_its_integrations_need(store: Store, lab: Quality) -> None:
    with store.read() as session:
        found = {each.name: each for each in requirements_of_connection(session, lab.connections[QUALITY])}
    assert found[TRANSFER].requirements == ()
    kinds = [(each.kind.value, each.name, each.side, each.met) for each in found[ENHANCED].requirements]
    assert kinds == [
        ("application", "QMS", "own", True),
        ("feature", "Change Control", "own", True),
        ("application", "Registrations", "partner", True),
        ("dependency", TRANSFER, "own", False),
        ("supersedes", VARIATION, "own", True),
    ]
    assert found[VARIATION].requirements[-1].kind is RequirementKind.SUPERSEDED_BY


# Taking back


def test_a_switch_is_not_taken_back_where_nobody_could_switch_it_by_hand(
    store: Store, lab: Quality, admin: Actor
) -> None:
    switch(store, admin, lab.id(TRANSFER))
    switch(store, admin, lab.id(ENHANCED))
    switch(store, admin, lab.id(ENHANCED), on=False)
    with store.read() as session:
        off = last_change(session, QUALITY, ADMIN)
    switch(store, admin, lab.id(TRANSFER), on=False)
    assert off is not None
    with pytest.raises(NotPossible, match="Product Transfer, which it needs, is inactive"), store.write() as write:
        undo(write, admin, off.key)
    assert not is_active(store, lab.id(ENHANCED))
    switch(store, admin, lab.id(TRANSFER))
    with store.write() as write:
        undo(write, admin, off.key)
    assert is_active(store, lab.id(ENHANCED))


# Settings of a Vault


def test_the_settings_of_a_vault_are_changed_audited_told_and_taken_back(store: Store, admin: Actor) -> None:
    feed = store.feed.subscribe([Topic.VAULTS, Topic.INTEGRATIONS])
    with store.write() as write:
        changed = change_vault_settings(write, admin, applications=["QMS", " LIMS "], features=["Change Control"])
    assert changed == ("applications",)
    assert {each.topic for each in feed.drain()} == {Topic.VAULTS, Topic.INTEGRATIONS}
    with store.read() as session:
        assert session.get_one(Vault, QUALITY).applications == ["LIMS", "QMS"]
        rows = table_of(AuditRow).c
        statement = select(rows.old_value, rows.new_value).where(rows.field_name == "applications")
        assert tuple(session.execute(statement).one()) == ('["QMS","QualityDocs"]', '["LIMS","QMS"]')
        change = last_change(session, QUALITY, ADMIN)
    assert change is not None
    with store.write() as write:
        undo(write, admin, change.key)
    with store.read() as session:
        assert session.get_one(Vault, QUALITY).applications == ["QMS", "QualityDocs"]


def test_the_same_names_in_another_order_or_other_capitals_change_nothing(store: Store, admin: Actor) -> None:
    with store.write() as write:
        assert change_vault_settings(write, admin, applications=["qualitydocs", "QMS", "qms"]) == ()


@pytest.mark.parametrize("name", ["CTMS|eTMF", "", "x" * 201, "a\tb"])
def test_a_name_that_cannot_be_is_refused(store: Store, admin: Actor, name: str) -> None:
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        change_vault_settings(write, admin, applications=["QMS", name], features=[name])
    assert set(refused.value.fields) == {"applications", "features"}


def test_a_vault_is_not_made_with_names_that_cannot_be(store: Store) -> None:
    with pytest.raises(InvalidInput) as refused, store.write() as write:
        make_vault(write, 1005, applications=("CTMS|eTMF",))
    assert set(refused.value.fields) == {"applications"}


def test_a_reader_changes_no_settings(store: Store, lab: Quality) -> None:
    assert lab.connections
    with store.write() as write:
        create_user(write, QUALITY, "reader@lab.example.com", "Rita", "Reader", "Read-Only User")
    reader = user(store, QUALITY, "reader@lab.example.com")
    with pytest.raises(NotAllowed, match="Manage Connections"), store.write() as write:
        change_vault_settings(write, reader, features=["Deviations"])


def test_names_are_added_and_taken_away() -> None:
    assert with_and_without(["CTMS", "eTMF"], ["EDC", "ctms"], ["ETMF"]) == ["CTMS", "EDC"]


def test_the_applications_that_seed_s0_names_are_proposed() -> None:
    known = {name for names in KNOWN_APPLICATIONS.values() for name in names}
    assert {"CTMS", "eTMF", "QMS", "QualityDocs", "Registrations", "Submissions", "PromoMats"} <= known

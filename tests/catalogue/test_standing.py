"""How the standard connections stand in a Vault: what is in use here, and what is missing."""

from typing import Any

from sqlalchemy import update

from models.store import Store
from models.tables import Integration, Vault, table_of
from seed.catalogue.assemble import State
from seed.catalogue.load import catalogue
from seed.catalogue.standing import FeatureStanding, Standing, Use, applications_of, standings
from tests.catalogue.lab import CatalogueLab

_integrations, _vaults = table_of(Integration), table_of(Vault)


def standing(lab: CatalogueLab, vault: str, key: str) -> Standing:
    with lab.store.read() as session:
        found = standings(session, catalogue(), lab.vaults[vault])
    return next(one for one in found if one.key == key)


def feature(lab: CatalogueLab, vault: str, key: str, name: str) -> FeatureStanding:
    return next(one for one in standing(lab, vault, key).features if one.name == name)


def change(lab: CatalogueLab, vault: str, **values: Any) -> None:
    with lab.store.write() as write:
        write.execute(update(_vaults).where(_vaults.c.id == lab.vaults[vault]).values(**values))


def switch(lab: CatalogueLab, vault: str, name: str, *, active: bool) -> None:
    with lab.store.write() as write:
        chosen = (_integrations.c.vault_id == lab.vaults[vault], _integrations.c.feature == name)
        write.execute(update(_integrations).where(*chosen).values(active=active))


def test_in_a_running_lab_nothing_is_missing(store: Store) -> None:
    lab = CatalogueLab.of(store, "ecoa_clinops")
    found = standing(lab, "clinops", "ecoa_clinops")
    assert found.connection_id is not None
    assert found.partner == "eCOA"
    assert {(one.use, one.missing) for one in found.features} == {(Use.ON, ())}


def test_a_new_customer_is_told_to_establish_the_connection_and_to_activate_its_integrations(store: Store) -> None:
    lab = CatalogueLab.of(store, "ecoa_clinops", state=State.UNTOUCHED)
    (study, _media) = standing(lab, "ecoa", "ecoa_clinops").features
    assert study.use is Use.OFF
    assert study.missing == ("The connection is Pending: establish it first.", "The integration is inactive.")


def test_an_application_that_either_vault_lacks_is_named_with_its_vault(store: Store) -> None:
    lab = CatalogueLab.of(store, "ecoa_clinops")
    change(lab, "clinops", applications=["Payments"])
    assert feature(lab, "clinops", "ecoa_clinops", "End of Study Media").missing == ("This Vault does not have eTMF.",)
    assert feature(lab, "ecoa", "ecoa_clinops", "End of Study Media").missing == (
        "Vault Clinical Operations does not have eTMF.",
    )
    assert feature(lab, "ecoa", "ecoa_clinops", "Study Data Transfer").missing == ()


def test_enhanced_change_control_says_what_it_needs_and_what_it_takes_the_place_of(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    enhanced = feature(lab, "quality", "quality_rim", "Enhanced Change Control")
    assert enhanced.applications == "QMS with Change Control, Registrations"
    assert enhanced.dependencies == "needs Product Transfer, supersedes Variation Management"
    assert (enhanced.use, enhanced.missing) == (Use.ON, ())
    older = feature(lab, "quality", "quality_rim", "Variation Management")
    assert older.dependencies == "superseded by Enhanced Change Control"
    assert "Enhanced Change Control is in use and takes its place." in older.missing
    switch(lab, "quality", "Product Transfer", active=False)
    change(lab, "quality", features=["Deviations"])
    assert feature(lab, "quality", "quality_rim", "Enhanced Change Control").missing == (
        "This Vault is not configured for Change Control.",
        "Product Transfer is not in use: it is needed along with this.",
    )


def test_a_connection_of_other_vaults_says_which_ones(store: Store) -> None:
    lab = CatalogueLab.of(store, "ecoa_clinops")
    found = standing(lab, "ecoa", "quality_rim")
    assert (found.connection_id, found.state) == (None, None)
    assert {one.use for one in found.features} == {Use.ABSENT}
    (sentence,) = found.features[0].missing
    assert "Quality" in sentence
    assert "RIM" in sentence
    assert "this one has no record of it" in sentence


# The tables of the overview of the standard connections (seed S0): integration and required applications.
OVERVIEW = {
    "clinops_edc": {
        "Enhanced Monitoring": "CTMS, EDC",
        "Final CRF": "eTMF, EDC",
        "Protocol Deviation Management": "CTMS, EDC",
        "Site Payments": "Payments, EDC",
        "Study Data Transfer": "CTMS, EDC",
        "Subject Tracking": "CTMS, EDC",
    },
    "ecoa_clinops": {
        "Study Data Transfer": "any Clinical Operations application, eCOA",
        "End of Study Media": "eTMF, eCOA",
    },
    "quality_rim": {
        "Document Exchange": "QualityDocs, Submissions",
        "Enhanced Change Control": "QMS with Change Control, Registrations",
        "Product Transfer": "Any",
        "Variation Management": "QMS with Change Control, Registrations",
    },
}


def test_required_applications_read_as_in_the_overview() -> None:
    files = catalogue()
    for key, wanted in OVERVIEW.items():
        features = files.connections[key].features
        assert {one.name: applications_of(files, one) for one in features} == wanted

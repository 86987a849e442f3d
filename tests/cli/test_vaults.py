"""The settings of a Vault on the command line, and what integrations make of them."""

from pathlib import Path

import pytest

from models.store import Store
from tests.cli.conftest import Call
from tests.quality import quality_and_rim

EDIT = ("vaults", "edit", "--vault", "Quality")
ENHANCED = "enhanced_change_control__c"


@pytest.fixture
def quality(store: Store, tmp_path: Path, call: Call) -> Call:
    """Calls on the store of a Quality and a RIM Vault."""
    quality_and_rim(store)

    def invoke(*words: str, code: int = 0) -> object:
        return call("--store", str(tmp_path / "lab.sqlite3"), *words, code=code)

    return invoke  # type: ignore[return-value]


def test_a_vault_shows_its_applications_and_local_features(quality: Call) -> None:
    out = quality("vaults", "show", "--vault", "Quality").out
    assert "QMS, QualityDocs" in out
    assert "Change Control" in out
    document = quality("vaults", "show", "--vault", "RIM", "--json").document["vault"]
    assert (document["applications"], document["features"]) == (["Registrations"], [])
    assert len(quality("vaults", "--json").document["vaults"]) == 2


def test_applications_and_features_are_added_and_taken_away(quality: Call) -> None:
    words = ("--application", "LIMS", "--no-application", "qualitydocs", "--feature", "Deviations", "--json")
    assert quality(*EDIT, *words).document == {
        "vault_id": 1001,
        "applications": ["LIMS", "QMS"],
        "features": ["Change Control", "Deviations"],
        "changed": True,
        "lacking": [],
    }
    assert "has already: LIMS, QMS, Change Control, Deviations." in quality(*EDIT, "--feature", "Deviations").out


def test_what_is_active_and_lacks_something_from_now_on_is_named(quality: Call) -> None:
    quality("integrations", "activate", "product_transfer__c", "--vault", "Quality")
    quality("integrations", "activate", ENHANCED, "--vault", "Quality")
    assert quality(*EDIT, "--no-feature", "Change Control", "--json").document["lacking"] == [ENHANCED]
    found = quality("doctor", "qms_to_rim__c", "--vault", "Quality").out
    assert "vaults edit --feature 'Change Control' --vault 1001" in found


def test_an_integration_that_lacks_an_application_is_refused_with_its_name_and_the_remedy(quality: Call) -> None:
    quality(*EDIT, "--no-application", "QMS")
    err = quality("integrations", "activate", ENHANCED, "--vault", "Quality", code=1).err
    assert "Quality has no application QMS." in err
    assert "Activate Product Transfer first." in err


def test_an_integration_shows_what_it_needs(quality: Call) -> None:
    shown = ("integrations", "show", ENHANCED, "--vault", "Quality")
    out = quality(*shown).out
    assert "Requirements" in out
    assert "Activate Product Transfer first." in out
    needs = quality(*shown, "--json").document["integration"]["needs"]
    kinds = [(each["kind"], each["side"], each["met"]) for each in needs["requirements"]]
    assert ("dependency", "own", False) in kinds
    assert ("application", "partner", True) in kinds


def test_a_name_that_cannot_be_is_refused(quality: Call) -> None:
    assert "A name holds no |" in quality(*EDIT, "--application", "CTMS|eTMF", code=1).err


def test_a_store_of_several_vaults_needs_to_know_which_is_meant(quality: Call) -> None:
    assert "which Vault is meant" in quality("vaults", "edit", "--application", "QMS", code=1).err

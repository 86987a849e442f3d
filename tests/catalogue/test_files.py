"""The files of the catalogue: mistakes are named at their place, and a new connection needs nothing but a file."""

import shutil
from pathlib import Path

import pytest

from models.store import Store
from scheduler.signing import issue_certificate
from seed.catalogue.assemble import State
from seed.catalogue.checks import check_catalogue
from seed.catalogue.labs import StandardLab, build_standard_lab
from seed.catalogue.load import CATALOGUE, Catalogue, read_catalogue
from seed.yaml_files import ScenarioError
from tests.catalogue.lab import CatalogueLab

NEW = """\
key: lims_training
name: LIMS-Study Training
families: [Quality]
about: A connection that nobody has thought of before.
features:
  - name: Instrument Transfer
    applications: {lims: [LIMS]}
sides:
  - vault: lims
    name: LIMS to Study Training
    api_name: sim_lims_to_training__c
    integrations:
      - name: Instrument Integration
        api_name: sim_instrument__c
        feature: Instrument Transfer
        points:
          - name: Instrument Outbound Integration Point
            api_name: sim_instrument_out__c
            direction: outbound
            sources: [{object: sim_instrument__c, to_point: sim_instrument_in__c}]
    queues:
      - label: LIMS to Training
        api_name: sim_lims_to_training_out__c
        type: outbound
        deliver_to: sim_training_from_lims_in__c
  - vault: training
    name: LIMS to Study Training
    api_name: sim_lims_to_training__c
    integrations:
      - name: Instrument Integration
        api_name: sim_instrument__c
        feature: Instrument Transfer
        points:
          - name: Instrument Inbound Integration Point
            api_name: sim_instrument_in__c
            direction: inbound
            rules:
              - name: Instrument Rule
                api_name: sim_instrument_rule__c
                query_object: sim_instrument__c
                fields: [{to: sim_instrument__c.name__v, get: name__v}]
    queues:
      - {label: Training from LIMS, api_name: sim_training_from_lims_in__c, type: inbound}
data:
  lims:
    objects: [{name: sim_instrument__c, label: Instrument}]
  training:
    objects: [{name: sim_instrument__c, label: Instrument}]
transfers:
  - key: instrument
    name: Instrument to Instrument
    source: lims
    target: training
    object: sim_instrument__c
    becomes: [sim_instrument__c]
    feature: Instrument Transfer
    sends: sim_instrument_out__c
    receives: sim_instrument_in__c
    evidence: assumed
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalogue of one connection."""
    (tmp_path / "connections").mkdir()
    shutil.copy(CATALOGUE / "vaults.yaml", tmp_path)
    (tmp_path / "connections" / "new.yaml").write_text(NEW)
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "connections" / "new.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def mistakes(folder: Path) -> list[tuple[str, int, str, str]]:
    """File, line, key and problem of every mistake."""
    with pytest.raises(ScenarioError) as refusal:
        check_catalogue(read_catalogue(folder))
    return [(one.file, one.line, one.key, one.problem) for one in refusal.value.mistakes]


def test_a_new_connection_needs_a_file_and_no_program(folder: Path, store: Store) -> None:
    files: Catalogue = check_catalogue(read_catalogue(folder))
    lab = StandardLab(("lims_training",), State.RUNNING)
    build_standard_lab(store, lab, issue=issue_certificate, files=files)
    made = CatalogueLab.at_work(store, "lims_training", files=files)
    made.create("lims", "sim_instrument__c", {"name__v": "Spectrometer"})
    made.run()
    assert [row["name__v"] for row in made.records("training", "sim_instrument__c")] == ["Spectrometer"]
    assert made.troubles() == []


def test_an_unknown_key_is_named_with_file_and_line(folder: Path) -> None:
    change(folder, "families: [Quality]", "families: [Quality]\ncolour: green")
    assert mistakes(folder) == [("new.yaml", 4, "colour", "Extra inputs are not permitted")]


def test_a_value_of_the_wrong_kind_is_named(folder: Path) -> None:
    change(folder, "evidence: assumed", "evidence: rumoured")
    ((file, line, key, problem),) = mistakes(folder)
    assert (file, line, key) == ("new.yaml", len(NEW.splitlines()), "transfers[0].evidence")
    assert "'documented', 'legacy', 'derived' or 'assumed'" in problem


@pytest.mark.parametrize(
    ("old", "new", "key", "problem"),
    [
        ("{lims: [LIMS]}", "{quality: [QMS]}", "features[0].applications.quality", "no side in Vault quality"),
        (
            "    feature: Instrument Transfer\n    sends",
            "    feature: Nothing\n    sends",
            "transfers[0].feature",
            "no feature",
        ),
        ("sends: sim_instrument_out__c", "sends: sim_other__c", "transfers[0].sends", "no outbound point sim_other__c"),
        ("receives: sim_instrument_in__c", "receives: sim_other__c", "transfers[0].receives", "no inbound point"),
        ("becomes: [sim_instrument__c]", "becomes: [country__v]", "transfers[0].becomes", "fills country__v"),
        ("evidence: assumed", "on_delete: deleted", "transfers[0].on_delete", "has the delete policy leave"),
        (
            "to_point: sim_instrument_in__c",
            "to_point: sim_other__c",
            "sides[0].integrations[0].points[0].sources[0].to_point",
            "no inbound integration point sim_other__c",
        ),
        (
            "get: name__v",
            "get: sim_weight__c",
            "sides[1].integrations[0].points[0].rules[0].fields[0].get",
            "has no field sim_weight__c",
        ),
        (
            "deliver_to: sim_training_from_lims_in__c",
            "deliver_to: sim_other__c",
            "sides[0].queues[0].deliver_to",
            "no inbound queue sim_other__c",
        ),
        ("vault: training", "vault: nowhere", "sides[1].vault", "there is no Vault nowhere"),
        ("key: lims_training", "key: lims_training\nsides2: 1", "sides2", "Extra inputs"),
        ("data:\n  lims:", "data:\n  rim: {}\n  lims:", "data.rim", "no Vault rim on a side of this connection"),
    ],
)
def test_a_name_that_is_not_there_is_named_at_its_place(
    folder: Path, old: str, new: str, key: str, problem: str
) -> None:
    change(folder, old, new)
    found = mistakes(folder)
    assert any(where == key and problem in what for _, _, where, what in found), found


def test_files_that_describe_one_object_in_two_ways_are_told_so(folder: Path) -> None:
    other = NEW.replace("lims_training", "lims_second").replace("label: Instrument}", "label: Device}")
    (folder / "connections" / "second.yaml").write_text(other)
    found = mistakes(folder)
    assert {(file, key, problem) for file, _, key, problem in found if key.startswith("data.lims")} == {
        ("new.yaml", "data.lims.objects[0].label", "second.yaml calls the object Device"),
        ("second.yaml", "data.lims.objects[0].label", "new.yaml calls the object Instrument"),
    }


def test_a_connection_is_described_once(folder: Path) -> None:
    (folder / "connections" / "second.yaml").write_text(NEW)
    assert [(file, key) for file, _, key, _ in mistakes(folder)] == [("second.yaml", "key")]


def test_what_a_point_sends_and_no_transfer_tells_of_is_found(folder: Path) -> None:
    change(
        folder,
        "sources: [{object: sim_instrument__c, to_point: sim_instrument_in__c}]",
        "sources: [{object: sim_instrument__c, to_point: sim_instrument_in__c},"
        " {object: country__v, to_point: sim_instrument_in__c}]",
    )
    assert [(key, problem) for _, _, key, problem in mistakes(folder)] == [
        ("sides[0].integrations[0].points[0].sources[1]", "no transfer of the connection tells of this source")
    ]


def test_objects_that_refer_to_each_other_in_a_ring_are_refused(folder: Path) -> None:
    ring = (
        "objects: [{name: sim_instrument__c, label: Instrument,"
        " fields: [{name: sim_a__c, label: A, type: object, object: sim_b__c}]},"
        " {name: sim_b__c, label: B, fields: [{name: sim_c__c, label: C, type: object, object: sim_instrument__c}]}]"
    )
    change(folder, "objects: [{name: sim_instrument__c, label: Instrument}]", ring)
    ((file, _, key, problem),) = mistakes(folder)
    assert (file, key) == ("new.yaml", "data")
    assert "refer to each other in a ring" in problem

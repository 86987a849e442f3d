"""How values are drawn, and when the records of a scenario come into being."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from models.errors import NotPossible
from models.permissions import Actor
from models.services.records import create_record
from models.services.vaults import FieldSpec, create_object, create_vault
from models.store import Store, WriteSession
from models.tables import FieldType
from seed.demo import build_demo
from seed.drawing import Drawing, NothingToDraw, Place, Scene
from seed.history import working_hours
from seed.population import Population
from seed.values import After, Chance, Days, Get, MinutesAgo, Pick, Ref, Value, Weighted, Whole
from tests.seed.conftest import no_key, records_of
from tests.seed.test_load import LAB

NOW = datetime(2026, 2, 3, 10, 0, tzinfo=UTC)


@pytest.fixture
def write(store: Store) -> Iterator[WriteSession]:
    with store.write() as opened:
        create_vault(opened, id=5, name="Five", dns_host="five.example", domain="verteo.example", family="RIM")
        create_object(opened, 5, "country__v", "Country", "Countries", "00C", [FieldSpec("code__sys")])
        field = FieldSpec("country__v", type=FieldType.OBJECT, reference_object="country__v")
        create_object(opened, 5, "account__v", "Account", "Accounts", "0AC", [field])
        yield opened


def drawing(write: WriteSession, **words: Any) -> Drawing:
    places = {"country": Place(5, "country__v"), "account": Place(5, "account__v")}
    return Drawing(Random(1), Population(write), words, places)


def draw(write: WriteSession, value: Value, **names: Any) -> Any:
    return drawing(write).one(Scene(5, NOW, names), value)


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ("plain", "plain"),
        (7, 7),
        (None, None),
        ("{first} {n:03}", "Ada 007"),
        ("{first:lower}@{nothing}", "ada@"),
        (Get(get="first"), "Ada"),
        (Pick(pick=("{first}",)), "Ada"),
        (Weighted(weighted={"a": 1}), "a"),
        (Whole(whole=(4, 4)), 4),
        (Days(days=(-3, -3)), date(2026, 1, 31)),
        (MinutesAgo(minutes_ago=(30, 30)), NOW - timedelta(minutes=30)),
        (Chance(chance=1, then="yes", otherwise="no"), "yes"),
        (Chance(chance=0, then="yes"), None),
        (After(after=("one", "two", "three"), path="step"), "three"),
        (After(after=("a", "b"), path="step"), "a"),
        (After(after=("one", "two"), path="step"), "two"),
    ],
)
def test_each_kind_of_value_draws_what_it_says(write: WriteSession, value: Value, drawn: Any) -> None:
    assert draw(write, value, first="Ada", n=7, nothing=None, step="two") == drawn


def test_a_word_list_is_chosen_by_what_was_drawn_before(write: WriteSession) -> None:
    lists = drawing(write, cities={"DE": ("Kassel",), "JP": ("Kobe",)})
    scene = Scene(5, NOW)
    values = {"code__sys": Pick(pick=("JP",)), "name__v": Pick(pick="cities", by="code__sys")}
    assert lists.values(scene, {}, values) == {"code__sys": "JP", "name__v": "Kobe"}
    scene.names["code__sys"] = "SE"
    with pytest.raises(NothingToDraw, match="cities"):
        lists.one(scene, values["name__v"])


def test_a_path_walks_from_a_drawn_reference_to_the_fields_of_its_record(write: WriteSession) -> None:
    system = Actor.system(5)
    japan = create_record(write, system, "country__v", {"name__v": "Japan", "code__sys": "JP"})
    create_record(write, system, "country__v", {"name__v": "Italy", "code__sys": "IT"})
    ada = create_record(write, system, "account__v", {"name__v": "Ada", "country__v": japan})
    assert draw(write, Ref(ref="country", where={"code__sys": "{code}"}), code="JP") == japan
    assert draw(write, Ref(ref="account", where={"country__v.code__sys": "JP"})) == ada
    assert draw(write, "{account__v.country__v.name__v}", account__v=ada) == "Japan"
    with pytest.raises(NothingToDraw, match="no record like those of account"):
        draw(write, Ref(ref="account", where={"country__v.code__sys": "IT"}))


def test_an_unknown_name_is_said(write: WriteSession) -> None:
    with pytest.raises(NothingToDraw, match="nothing called last"):
        draw(write, "{last}", first="Ada")


def test_people_work_from_monday_to_friday_in_the_daytime() -> None:
    friday = datetime(2026, 1, 30, 16, 0, tzinfo=UTC)
    assert list(working_hours(friday, friday + timedelta(days=2, hours=16))) == [
        friday,
        friday + timedelta(minutes=30),
        *(datetime(2026, 2, 2, 7, 0, tzinfo=UTC) + timedelta(minutes=30 * n) for n in range(3)),
    ]


SMALL = """\
vaults:
  - key: crm
    id: 5
    name: Five
    dns_host: five.example
    domain: verteo.example
    family: Vault CRM
    objects:
      - {name: country__v, label: Country, plural: Countries, prefix: 00C}
      - name: account__v
        label: Account
        plural: Accounts
        prefix: 0AC
        fields:
          - {name: country__v, label: Country, type: object, object: country__v}
          - {name: color__c, label: Color}
records:
  - key: account
    vault: crm
    object: account__v
    by: admin@verteo.example
    when: [2026-01-13T08:00:00Z, 2026-01-15T16:00:00Z]
    batches: 3
    per: {recipe: country, count: [2, 2]}
    distinct: [color__c]
    values:
      name__v: "{parent.name__v} {n}"
      country__v: {get: parent.id}
      color__c: {pick: [red, green, blue]}
    odd:
      - {at: [2], why: without a color, values: {color__c: null}}
  - key: country
    vault: crm
    object: country__v
    by: admin@verteo.example
    when: [2026-01-12T08:00:00Z, 2026-01-12T16:00:00Z]
    rows: [{name__v: Japan}, {name__v: Italy}, {name__v: Spain}]
"""


def build_small(store: Store, tmp_path: Path, text: str = SMALL) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "lab.yaml").write_text(LAB)
    (folder / "small.yaml").write_text(text)
    build_demo(store, issue=no_key, folder=folder)


def test_recipes_run_in_the_order_of_their_times_and_make_children_for_each_parent(
    store: Store, tmp_path: Path
) -> None:
    build_small(store, tmp_path)
    countries = {country["id"]: country["name__v"] for country in records_of(store, "Five", "country__v")}
    accounts = records_of(store, "Five", "account__v")
    assert [account["name__v"] for account in accounts] == [
        "Japan 1", "Japan 2", "Italy 3", "Italy 4", "Spain 5", "Spain 6",
    ]  # fmt: skip
    assert [countries[account["country__v"]] for account in accounts] == [
        account["name__v"].split()[0] for account in accounts
    ]


def test_distinct_fields_differ_within_a_parent_and_odd_records_hold_what_they_should(
    store: Store, tmp_path: Path
) -> None:
    build_small(store, tmp_path)
    colors = [account.get("color__c") for account in records_of(store, "Five", "account__v")]
    assert colors[1] is None
    assert colors[2] != colors[3]
    assert colors[4] != colors[5]


def test_a_recipe_that_runs_out_of_values_is_named_and_nothing_is_built(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"Recipe account: No more values of color__c"):
        build_small(store, tmp_path, SMALL.replace("count: [2, 2]", "count: [5, 5]"))
    assert records_of(store, "Five", "country__v") == []


def test_a_recipe_whose_records_the_vault_refuses_is_named_with_the_row(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match=r"Recipe country: row 2, name__v: Name is required"):
        build_small(store, tmp_path, SMALL.replace("{name__v: Italy}", "{name__v: ''}"))


def test_a_story_that_goes_on_after_the_lab_starts_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="goes on after the lab starts"):
        build_small(store, tmp_path, SMALL.replace("2026-01-15T16", "2026-04-15T16"))

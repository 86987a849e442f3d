"""Which rules apply is decided by the data, and what each attribute of a field rule does to a record."""

from collections import Counter
from typing import Any

import pytest

from models.rules.usage import LookupUsage, save_usage
from models.services.field_rules import add_field_rule
from models.services.lookups import create_lookup, set_key
from models.services.objects import add_fields, create_object, create_picklist
from models.services.query_object_rules import add_query_object_rule
from models.services.rules import create_rule
from models.services.vaults import FieldSpec, create_profile, create_user
from models.store import Store
from models.tables import (
    ErrorType,
    FieldRule,
    FieldType,
    IntegrationRule,
    LookupType,
    QueryObjectRule,
    ReferenceLookup,
    ReferenceLookupKey,
    ReferenceLookupMiss,
    table_of,
)
from tests.builders import key
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab

ACCOUNTS = (FieldSpec("email__c", "Email"), FieldSpec("note__c", "Note"))
PULL = "country__vr.pull_accounts_rule__c"


def rule_with(
    lab: Lab, name: str, filter_clause: str, *fields: tuple[str | None, str] | tuple[str | None, str, Any]
) -> int:
    """A rule under the receiving point that takes the records that its filter lets through."""
    with lab.store.write() as write:
        system = lab.target.system
        rule = key(
            create_rule(
                write,
                system,
                lab.target.point_id,
                name=name,
                api_name=f"{name.lower().replace(' ', '_')}__c",
                primary_query_object="account__v",
            )
        )
        if filter_clause:
            add_query_object_rule(write, system, rule, query_object="account__v", filter_clause=filter_clause)
        for query_field, target_field, *more in fields:
            options = more[0] if more else {}
            add_field_rule(
                write,
                system,
                rule,
                target_object="account__v",
                target_field=target_field,
                query_field=query_field,
                **options,
            )
        return rule


@pytest.fixture
def lab(store: Store, clock: ManualClock) -> Lab:
    """Accounts of countries with a data usage agreement each, and visits to accounts."""
    lab = make_lab(store, clock, source_fields=ACCOUNTS, mappings=(), object_name="account__v")
    lab.update_row(IntegrationRule, lab.pair.rule_id, active=False)
    source = lab.source.vault_id
    with store.write() as write:
        create_picklist(
            write, source, "pull_accounts_rule__c", "Pull Accounts Rule", ["pull_all__c", "inquiries__c", "none__c"]
        )
        create_object(
            write,
            source,
            "country__v",
            "Country",
            "Countries",
            "V0C",
            [FieldSpec("pull_accounts_rule__c", type=FieldType.PICKLIST, picklist="pull_accounts_rule__c")],
        )
        country = FieldSpec("country__v", type=FieldType.OBJECT, reference_object="country__v")
        add_fields(write, source, "account__v", [country])
        account = FieldSpec("account__v", type=FieldType.OBJECT, reference_object="account__v")
        create_object(write, source, "visit__v", "Visit", "Visits", "V0I", [account])
    return lab


class TestSeveralRulesUnderOnePoint:
    """S3 lists under the Account Inbound Integration Point the "Account Integration Rule", the "Only Accounts with
    Inquiries Integration Rule" and the "Do Not Pull from Accounts Integration Rule": "This is managed via the new Pull
    Accounts Rule field on the Country object."
    """

    @pytest.fixture
    def lab(self, lab: Lab) -> Lab:
        rule_with(lab, "Account", f"{PULL} = 'pull_all__c'", ("name__v", "name__v"), ("email__c", "email__c"))
        rule_with(
            lab,
            "Only with visits",
            f"{PULL} = 'inquiries__c' AND id IN (SELECT account__v FROM visits__vr)",
            ("name__v", "name__v"),
            (None, "note__c", {"default_value": "visited"}),
        )
        rule_with(lab, "Do not pull", f"{PULL} = 'none__c'", (None, "name__v", {"default_value": "Unknown"}))
        # Defaults alone make no record: the rule reads who the record is, and shows nothing of it.
        rules = lab.rows(IntegrationRule, name="Do not pull")
        with lab.store.write() as write:
            add_field_rule(
                write,
                lab.target.system,
                rules[0].id,
                target_object="account__v",
                target_field="note__c",
                query_field="global_id__sys",
            )
        return lab

    def country(self, lab: Lab, agreement: str | None) -> str:
        return lab.create(f"Country {agreement}", object_name="country__v", pull_accounts_rule__c=agreement)

    def test_each_record_is_taken_by_the_rule_that_its_data_choose(self, lab: Lab) -> None:
        every, asked, none = (self.country(lab, each) for each in ("pull_all__c", "inquiries__c", "none__c"))
        lab.create("All", country__v=every, email__c="all@example.com")
        visited = lab.create("Visited", country__v=asked, email__c="visited@example.com")
        lab.create("Not visited", country__v=asked)
        hidden = lab.create("Hidden", country__v=none, email__c="hidden@example.com")
        lab.create("Visit", object_name="visit__v", account__v=visited)
        assert counts(lab.transfer()) == {"received": 4, "created": 3, "skipped": 1}
        shown = [(row["name__v"], row.get("email__c"), row.get("note__c")) for row in lab.targets()]
        assert shown == [
            ("All", "all@example.com", None),
            ("Visited", None, "visited"),
            ("Unknown", None, lab.record(lab.source, hidden)["global_id__sys"]),
        ]

    def test_a_record_of_a_country_without_an_agreement_is_left_out(self, lab: Lab) -> None:
        lab.create("Account", country__v=self.country(lab, None))
        lab.create("Without a country")
        assert counts(lab.transfer()) == {"received": 2, "skipped": 2}
        assert lab.items() == []

    def test_a_changed_agreement_has_another_rule_take_the_same_record(self, lab: Lab) -> None:
        country = self.country(lab, "none__c")
        account = lab.create("Account", country__v=country, email__c="a@example.com")
        lab.transfer()
        lab.change(country, pull_accounts_rule__c="pull_all__c")
        lab.change(account, email__c="b@example.com")
        assert counts(lab.transfer()) == {"received": 1, "updated": 1}
        assert [(row["name__v"], row["email__c"]) for row in lab.targets()] == [("Account", "b@example.com")]

    def test_an_inactive_query_object_rule_narrows_nothing_and_an_inactive_rule_takes_nothing(self, lab: Lab) -> None:
        lab.create("Without a country")
        (rule,) = lab.rows(IntegrationRule, name="Account")
        (narrowing,) = lab.rows(QueryObjectRule, rule_id=rule.id)
        lab.update_row(QueryObjectRule, narrowing.id, active=False)
        assert counts(lab.transfer()) == {"received": 1, "created": 1}
        lab.update_row(IntegrationRule, rule.id, active=False)
        lab.create("Another")
        assert counts(lab.transfer()) == {"received": 1, "skipped": 1}


def test_all_query_object_rules_of_a_rule_must_let_a_record_through(lab: Lab) -> None:
    rule = rule_with(lab, "Both", "email__c != null", ("name__v", "name__v"))
    with lab.store.write() as write:
        add_query_object_rule(
            write, lab.target.system, rule, query_object="account__v", filter_clause="note__c = 'a' OR note__c = 'b'"
        )
        add_query_object_rule(
            write, lab.target.system, rule, query_object="other__v", filter_clause="name__v = 'of another object'"
        )
    lab.create("Neither")
    lab.create("One", email__c="x")
    lab.create("Other", note__c="a")
    lab.create("Both", email__c="x", note__c="b")
    assert counts(lab.transfer()) == {"received": 4, "created": 1, "skipped": 3}
    assert [row["name__v"] for row in lab.targets()] == ["Both"]


def test_two_rules_that_take_the_same_record_write_one_target_record(lab: Lab) -> None:
    rule_with(lab, "First", "email__c != null", ("name__v", "name__v"))
    rule_with(lab, "Second", "", ("name__v", "name__v"), ("email__c", "email__c"))
    lab.create("Account", email__c="a@example.com")
    assert counts(lab.transfer()) == {"received": 1, "created": 1, "updated": 1}
    assert [row["email__c"] for row in lab.targets()] == ["a@example.com"]


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("gone__c = 'x'", "INVALID_DATA: [gone__c] is not a queryable field of [account__v] (rule Account)."),
        ("name__v =", "INCORRECT_QUERY_SYNTAX"),
    ],
)
def test_a_filter_that_cannot_be_asked_refuses_the_message_until_it_is_mended(
    lab: Lab, clause: str, sentence: str
) -> None:
    rule = rule_with(lab, "Account", "email__c != null", ("name__v", "name__v"))
    (narrowing,) = lab.rows(QueryObjectRule, rule_id=rule)
    lab.update_row(QueryObjectRule, narrowing.id, filter_clause=clause)
    lab.create("Account", email__c="a@example.com")
    lab.transfer()
    (told,) = lab.exceptions(lab.target)
    assert told.error_type is ErrorType.CONFIGURATION
    assert sentence in told.error_message
    lab.update_row(QueryObjectRule, narrowing.id, filter_clause="email__c != null")
    assert counts(lab.receive()) == {"retried": 1, "created": 1}


class TestTheAuthorizedConnectionUser:
    """The call-back sees what its user may see, and says so where that is not enough."""

    def reads(self, lab: Lab, *objects: str) -> None:
        with lab.store.write() as write:
            create_profile(write, 1001, f"Reader {len(objects)}", {f"Object: {name}: Read" for name in objects})
            reader = create_user(write, 1001, f"reader{len(objects)}", "", "", f"Reader {len(objects)}")
            chosen = key(reader)
        lab.set_connection(lab.source, authorized_user_id=chosen)

    def test_needs_the_right_to_read_what_a_filter_walks_to(self, lab: Lab) -> None:
        rule_with(lab, "Account", f"{PULL} = 'pull_all__c'", ("name__v", "name__v"))
        self.reads(lab, "account__v")
        lab.create("Account")
        lab.transfer()
        (told,) = lab.exceptions(lab.target)
        assert "The call-back to Source is refused: INSUFFICIENT_ACCESS: " in told.error_message
        assert 'lacks the permission "Object: country__v: Read"' in told.error_message
        self.reads(lab, "account__v", "country__v")
        assert counts(lab.receive()) == {"retried": 1, "skipped": 1}

    def test_needs_the_right_to_read_the_object_of_a_subquery(self, lab: Lab) -> None:
        rule_with(lab, "Account", "id IN (SELECT account__v FROM visits__vr)", ("name__v", "name__v"))
        self.reads(lab, "account__v")
        lab.create("Account")
        lab.transfer()
        assert 'lacks the permission "Object: visit__v: Read"' in lab.exceptions(lab.target)[0].error_message


class TestAttributesOfAFieldRule:
    def test_a_raw_select_is_asked_in_place_of_the_field(self, lab: Lab) -> None:
        country = lab.create("Swiss", object_name="country__v", pull_accounts_rule__c="pull_all__c")
        select = {"query_field_select": f"TOLABEL({PULL})", "query_field_type": "text"}
        rule_with(lab, "Account", "", ("name__v", "name__v"), (PULL, "note__c", select), (PULL, "email__c"))
        lab.create("Account", country__v=country)
        lab.transfer()
        (row,) = lab.targets()
        assert (row["note__c"], row["email__c"]) == ("Pull All", "pull_all__c")

    def test_the_type_of_the_query_field_reads_a_text_as_what_it_says(self, lab: Lab) -> None:
        with lab.store.write() as write:
            add_fields(write, 1002, "account__v", [FieldSpec("size__c", type=FieldType.NUMBER)])
        number = {"query_field_select": "LONGTEXT(note__c)", "query_field_type": "number"}
        rule_with(lab, "Account", "", ("name__v", "name__v"), ("note__c", "size__c", number))
        good, bad = lab.create("Good", note__c="7"), lab.create("Bad", note__c="seven")
        assert counts(lab.transfer()) == {"received": 2, "created": 1, "failed": 1}
        assert lab.targets()[0]["size__c"] == 7
        assert lab.problems() == {bad: {"size__c": "'seven' is not a number."}}
        assert good not in lab.problems()

    def test_without_a_primary_query_object_no_field_rule_walks_a_relationship(self, lab: Lab) -> None:
        rule = rule_with(lab, "Account", "", ("name__v", "name__v"), (PULL, "note__c"))
        lab.update_row(IntegrationRule, rule, primary_query_object=None)
        lab.create("Account")
        lab.transfer()
        (told,) = lab.exceptions(lab.target)
        assert "walks a relationship, and the rule has no primary query object to begin at" in told.error_message
        lab.update_row(IntegrationRule, rule, primary_query_object="account__v")
        assert counts(lab.receive()) == {"retried": 1, "created": 1}

    def test_a_type_that_is_none_refuses_the_message(self, lab: Lab) -> None:
        rule_with(lab, "Account", "", ("name__v", "name__v"), ("note__c", "note__c"))
        (field_rule,) = lab.rows(FieldRule, target_field="note__c", query_field="note__c")
        lab.update_row(FieldRule, field_rule.id, query_field_type="wrong")
        lab.create("Account")
        lab.transfer()
        assert "wrong is no type of a query field." in lab.exceptions(lab.target)[0].error_message


class TestReferenceLookups:
    def lookup(self, lab: Lab, type_: LookupType, pairs: dict[str, str], **more: str) -> int:
        with lab.store.write() as write:
            system = lab.target.system
            made = create_lookup(
                write,
                system,
                lab.target.connection_id,
                name="Countries",
                api_name="countries__c",
                type=type_,
                **more,
            )
            for source, target in pairs.items():
                set_key(write, system, key(made), source, target)
            return key(made)

    def keys(self, lab: Lab) -> dict[str, int]:
        return {row.source_key: row.uses for row in lab.rows(ReferenceLookupKey)}

    def misses(self, lab: Lab) -> dict[str, int]:
        return {row.source_key: row.misses for row in lab.rows(ReferenceLookupMiss)}

    def test_uses_and_misses_are_counted_over_messages_and_runs(self, lab: Lab) -> None:
        """S1: "you can indicate that the country__v value “U.S.” in the source Vault is equivalent to “United States”
        in the remote Vault."
        """
        lookup = self.lookup(lab, LookupType.GENERIC, {"U.S.": "United States", "CH": "Switzerland"})
        more = {"reference_lookup_id": lookup}
        rule_with(lab, "Account", "", ("name__v", "name__v"), ("note__c", "note__c", more))
        for value in ("U.S.", "U.S.", "Chile", None, "Peru"):
            lab.create("Account", note__c=value)
        assert counts(lab.transfer()) == {"received": 5, "created": 3, "failed": 2}
        assert [row.get("note__c") for row in lab.targets()] == ["United States", "United States", None]
        assert self.keys(lab) == {"U.S.": 2, "CH": 0}
        assert self.misses(lab) == {"Chile": 1, "Peru": 1}
        (used,) = lab.rows(ReferenceLookupKey, source_key="U.S.")
        assert used.last_used_at is not None
        lab.create("Account", note__c="U.S.")
        lab.transfer()
        assert self.keys(lab) == {"U.S.": 3, "CH": 0}
        assert self.misses(lab) == {"Chile": 2, "Peru": 2}

    def test_what_was_deleted_by_the_end_of_the_run_is_not_counted(self, lab: Lab) -> None:
        lookup = self.lookup(lab, LookupType.GENERIC, {"U.S.": "United States"})
        usage = LookupUsage()
        usage.missed[lookup] = Counter({"Chile": 1})
        usage.used[lookup] = Counter({"U.S.": 1})
        with lab.store.write() as write:
            write.execute(table_of(ReferenceLookup).delete())
        with lab.store.write() as write:
            save_usage(write, lab.target.vault_id, usage)
        assert (self.keys(lab), self.misses(lab)) == ({}, {})

    def test_one_of_type_object_finds_the_record_by_the_target_key_field(self, lab: Lab) -> None:
        target = lab.target.vault_id
        with lab.store.write() as write:
            create_object(write, target, "country__v", "Country", "Countries", "V0C", [FieldSpec("code__c", "Code")])
            reference = FieldSpec("country__v", "Country", FieldType.OBJECT, reference_object="country__v")
            add_fields(write, target, "account__v", [reference])
        country = lab.create("United States", side=lab.target, object_name="country__v", code__c="US")
        lookup = self.lookup(
            lab,
            LookupType.OBJECT,
            {"U.S.": "US", "Atlantis": "AT"},
            target_object="country__v",
            target_key_field="code__c",
        )
        rule_with(
            lab,
            "Account",
            "",
            ("name__v", "name__v"),
            ("note__c", "country__v", {"reference_lookup_id": lookup}),
        )
        good, missing, gone = (lab.create(each, note__c=each) for each in ("U.S.", "Mu", "Atlantis"))
        assert counts(lab.transfer()) == {"received": 3, "created": 1, "failed": 2}
        assert [(row["name__v"], row["country__v"]) for row in lab.targets()] == [("U.S.", country)]
        assert lab.problems() == {
            missing: {"country__v": "Reference lookup Countries has no entry for 'Mu'."},
            gone: {"country__v": "No country__v record of this Vault has code__c AT."},
        }
        assert good not in lab.problems()

    def test_one_that_finds_records_of_another_object_refuses_the_message(self, lab: Lab) -> None:
        target = lab.target.vault_id
        with lab.store.write() as write:
            create_object(write, target, "country__v", "Country", "Countries", "V0C", [FieldSpec("code__c", "Code")])
            reference = FieldSpec("parent__v", "Parent", FieldType.OBJECT, reference_object="account__v")
            add_fields(write, target, "account__v", [reference])
        lookup = self.lookup(
            lab, LookupType.OBJECT, {"U.S.": "US"}, target_object="country__v", target_key_field="code__c"
        )
        rule_with(lab, "Account", "", ("name__v", "name__v"), ("note__c", "parent__v"))
        (row,) = lab.rows(FieldRule, target_field="parent__v")
        lab.update_row(FieldRule, row.id, reference_lookup_id=lookup)
        lab.create("Account", note__c="U.S.")
        lab.transfer()
        assert "Reference lookup Countries finds records of country__v, and the field refers to account__v." in (
            lab.exceptions(lab.target)[0].error_message
        )

"""The bench of rule evaluation measures what it says: good records, all of them, by all the rules."""

from scheduler.bench_rules import FIELD_RULES, LOOKUPS, _batches, bench_rules, bench_target
from tests.cli.conftest import Call, call

__all__ = ["call"]


def test_every_record_passes_every_rule() -> None:
    target = bench_target()
    assert (len(target.field_rules), sum(rule.lookup is not None for rule in target.field_rules)) == (24, 4)
    made = [each for columns, count in _batches(700) for each in target.evaluate_all(columns, count)]
    assert len(made) == 700
    assert all(
        problems == {} and len(values) == FIELD_RULES and None not in values.values() for values, problems in made
    )
    assert made[0][0]["text_1__c"] == "none"
    assert made[3][0]["choice_1__c"] == "value_4__c"


def test_what_is_told_of_it_adds_up(call: Call) -> None:
    result = bench_rules(501)
    assert (result.records, result.field_rules, result.lookups) == (501, FIELD_RULES, LOOKUPS)
    told = call("bench", "rules", "20", "--json").document["rules"]
    assert (told["records"], told["field_rules"], told["lookups"]) == (20, 24, 4)

"""MDL text: what is read, what is printed, and where an error is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.mdl.components import (
    FieldRuleText,
    QueryObjectRuleText,
    RuleText,
    print_rules,
    quoted,
    read_rules,
)
from models.mdl.syntax import Expression, MdlError, parse

WHOLE = """
# The products of the lab
RECREATE Integrationrule product__c (
   label('It\\'s the product''s rule'), active(true),   # a comment
   integration_point('product_inbound__c'),
   connection('lab__c'),
   primary_query_object('product__v'),
   Queryobjectrule only_active__c (
      label('Only [active] ones'), query_object('product__v'),
      filter_clause([status__v = 'active__v' AND name__v != ']'])
   ),
   Fieldrule name__c (
      active(false),
      target_object('Object.product__v'), target_object_field('Field.name__v'),
      query_object('product__v'), query_field('name__v'), field_default()
   ),
   Fieldrule doc__c ( target_docfield('Docfield.study__v'), field_default(' x '), ),
);
"""


def test_a_rule_is_read_with_all_that_is_in_it() -> None:
    (rule,) = read_rules(WHOLE)
    assert rule == RuleText(
        name="product__c",
        connection="lab__c",
        integration_point="product_inbound__c",
        label="It's the product's rule",
        primary_query_object="product__v",
        query_object_rules=(
            QueryObjectRuleText(
                name="only_active__c",
                label="Only [active] ones",
                query_object="product__v",
                filter_clause="status__v = 'active__v' AND name__v != ']'",
            ),
        ),
        field_rules=(
            FieldRuleText(
                name="name__c",
                active=False,
                target_object="product__v",
                target_object_field="name__v",
                query_object="product__v",
                query_field="name__v",
            ),
            FieldRuleText(name="doc__c", target_docfield="study__v", field_default=" x "),
        ),
    )
    assert (rule.place.line, rule.field_rules[1].place.line, rule.field_rules[1].place.column) == (3, 17, 4)


def test_a_printed_rule_reads_as_people_write_it() -> None:
    assert print_rules(read_rules(WHOLE)) == (
        "RECREATE Integrationrule product__c (\n"
        "    label('It\\'s the product\\'s rule'),\n"
        "    active(true),\n"
        "    integration_point('product_inbound__c'),\n"
        "    connection('lab__c'),\n"
        "    primary_query_object('product__v'),\n"
        "    Queryobjectrule only_active__c (\n"
        "        label('Only [active] ones'),\n"
        "        active(true),\n"
        "        query_object('product__v'),\n"
        "        filter_clause([status__v = 'active__v' AND name__v != ']'])\n"
        "    ),\n"
        "    Fieldrule name__c (\n"
        "        active(false),\n"
        "        target_object('Object.product__v'),\n"
        "        target_object_field('Field.name__v'),\n"
        "        query_object('product__v'),\n"
        "        query_field('name__v')\n"
        "    ),\n"
        "    Fieldrule doc__c (\n"
        "        active(true),\n"
        "        target_docfield('Docfield.study__v'),\n"
        "        field_default(' x ')\n"
        "    )\n"
        ");\n"
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ("recreate Integrationrule a__c ();", 1, 1, "recreate is not expected here. Expected: a command"),
        ("RECREATE", 1, 9, "ends too early. Expected: a component type"),
        ("RECREATE Integrationrule a__c (\n  label('x)\n);", 2, 9, "opened here and not closed"),
        ("RECREATE Integrationrule a__c (\n  label('x') active(true));", 2, 14, "active is not expected here"),
        ("RECREATE Integrationrule a__c (label('x'))", 1, 43, "ends too early. Expected: ;"),
        ("RECREATE Integrationrule a__c (\n\n  ?);", 3, 3, "'?' is not expected here"),
        ("DROP Integrationrule a__c ();", 1, 1, "DROP is not imported"),
        ("RECREATE Picklist a__c ();", 1, 10, "Picklist is not imported"),
        ("RECREATE Integrationrule a__c (\n colour('red'));", 2, 2, "has no attribute colour"),
        ("RECREATE Integrationrule a__c (\n label('a'),\n label('b'));", 3, 2, "label is there twice"),
        ("RECREATE Integrationrule a__c (\n label('a', 'b'));", 2, 2, "label takes one value"),
        ("RECREATE Integrationrule a__c (\n active('true'));", 2, 2, "active is true or false"),
        ("RECREATE Integrationrule a__c (\n label(5));", 2, 2, "label takes text in quotes"),
        ("RECREATE Integrationrule a__c (\n label([x]));", 2, 2, "label takes text in quotes"),
        ("RECREATE Integrationrule a__c (integration_point('p'));", 1, 10, "a__c names no connection"),
        ("RECREATE Integrationrule a__c (connection('c'));", 1, 10, "a__c names no integration_point"),
    ],
)
def test_an_error_names_line_and_column(text: str, line: int, column: int, told: str) -> None:
    with pytest.raises(MdlError) as refused:
        read_rules(text)
    assert (refused.value.line, refused.value.column) == (line, column)
    assert told in str(refused.value)
    assert f"Line {line}, column {column}:" in refused.value.message


HEAD = "RECREATE Integrationrule a__c (connection('c'), integration_point('p'),\n"


@pytest.mark.parametrize(
    ("children", "told"),
    [
        (" Fieldrule b__c (),\n Fieldrule b__c ()", "Line 3, column 2: b__c is there twice"),
        (" Docfield b__c ()", "Line 2, column 2: Integrationrule has no subcomponents Docfield"),
        (" Fieldrule b__c (\n  Fieldrule d__c ())", "Line 3, column 3: Fieldrule has no subcomponents"),
        (" Fieldrule b__c (\n  filter_clause([x]))", "Line 3, column 3: Fieldrule has no attribute filter_clause"),
    ],
)
def test_what_does_not_belong_into_a_rule_is_refused(children: str, told: str) -> None:
    with pytest.raises(MdlError, match=told.replace("(", r"\(")):
        read_rules(f"{HEAD}{children});")


def test_a_rule_is_named_once() -> None:
    with pytest.raises(MdlError, match="a__c is there twice"):
        read_rules(f"{HEAD}); {HEAD});")


def test_a_text_too_long_to_be_meant_is_refused() -> None:
    with pytest.raises(MdlError, match="at most 1000000"):
        read_rules(" " * 1_000_001)


def test_a_number_is_read_though_no_rule_takes_one() -> None:
    (command,) = parse("RECREATE Thing a__c (order(3), share(-0.5), when([a = 1]));")
    assert [item.values[0] for item in command.component.attributes] == [3, -0.5, Expression("a = 1")]


# Round trip

texts = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
stripped = texts.map(str.strip)
names = some.from_regex(r"[a-z][a-z0-9]{0,6}(?:_[a-z0-9]{1,4})?__c", fullmatch=True)


def without_prefix(text: str) -> bool:
    return not text.startswith(("Object.", "Field.", "Docfield."))


plain = stripped.filter(without_prefix)
query_rules = some.builds(
    QueryObjectRuleText, names, label=stripped, active=some.booleans(), query_object=stripped, filter_clause=stripped
)
field_rules = some.builds(
    FieldRuleText,
    names,
    label=stripped,
    active=some.booleans(),
    target_object=plain,
    target_object_field=plain,
    target_docfield=plain,
    query_object=stripped,
    query_field=stripped,
    query_field_select=stripped,
    query_field_type=stripped,
    field_default=texts,
    target_field_lookup=stripped,
    reference_lookup_type=stripped,
    reference_lookup=stripped,
)
rules = some.builds(
    RuleText,
    names,
    connection=stripped.filter(bool),
    integration_point=stripped.filter(bool),
    label=stripped,
    active=some.booleans(),
    primary_query_object=stripped,
    query_object_rules=some.lists(query_rules, max_size=3, unique_by=lambda rule: rule.name).map(tuple),
    field_rules=some.lists(field_rules, max_size=3, unique_by=lambda rule: rule.name).map(tuple),
)


@given(some.lists(rules, max_size=3, unique_by=lambda rule: rule.key))
def test_what_is_printed_is_read_as_the_same_rules(written: list[RuleText]) -> None:
    assert read_rules(print_rules(written)) == tuple(written)


@given(texts)
def test_any_text_goes_through_quotes(text: str) -> None:
    (command,) = parse(f"RECREATE Thing a__c (value({quoted(text)}));")
    assert command.component.attributes[0].values == (text,)


@given(texts)
def test_no_text_ends_in_anything_but_an_error_with_its_place(text: str) -> None:
    places = []
    for broken in (text, f"RECREATE Integrationrule {text}", f"RECREATE Integrationrule a__c (label('x'), {text});"):
        try:
            read_rules(broken)
        except MdlError as refusal:
            places.append(min(refusal.line, refusal.column))
    assert min(places, default=1) >= 1

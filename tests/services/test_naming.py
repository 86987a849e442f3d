"""What API names may look like."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.naming import LONGEST_CUSTOM_NAME, api_name_problem, custom_name, name_from_label

WORD = st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True)
CUSTOM_NAMES = (
    st.lists(WORD, min_size=1, max_size=8).map("_".join).filter(lambda name: len(name) <= LONGEST_CUSTOM_NAME)
)


@given(CUSTOM_NAMES)
def test_words_of_small_letters_and_digits_joined_by_underscores_are_a_name_with_or_without_suffix(name: str) -> None:
    assert api_name_problem(name) is None
    assert api_name_problem(f"{name}__c") is None


@given(
    CUSTOM_NAMES,
    st.sampled_from(["A", "Ä", "ß", " ", "-", ".", "\n", "é", "²", "\N{ARABIC-INDIC DIGIT ONE}", "[", "__"]),
    st.data(),
)
def test_a_sign_that_is_no_small_letter_digit_or_underscore_is_refused_wherever_it_stands(
    name: str, sign: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(name)))
    spoilt = name[:place] + sign + name[place:]
    assert sign not in name
    if spoilt.removesuffix("__c") == name:
        return
    assert api_name_problem(spoilt) is not None


@given(st.text(max_size=80))
def test_a_name_that_passes_always_has_the_form_that_a_vault_asks_for(name: str) -> None:
    if api_name_problem(name) is None:
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*(__c)?", name)
        assert len(name.removesuffix("__c")) <= LONGEST_CUSTOM_NAME


@given(st.text(max_size=120))
def test_a_name_made_from_a_label_is_good_or_empty(label: str) -> None:
    name = name_from_label(label)
    assert name == "" or api_name_problem(custom_name(name)) is None


@given(st.text(max_size=80))
def test_a_name_made_from_a_name_is_that_name(label: str) -> None:
    name = name_from_label(label)
    assert name_from_label(name) == name


@given(CUSTOM_NAMES)
def test_the_suffix_is_added_once(name: str) -> None:
    assert custom_name(name) == custom_name(custom_name(name)) == f"{name}__c"


@pytest.mark.parametrize(
    "name", ["cdms_clin-ops_connection__v", "medical_crm__v", "link__sys", "pdv__ctms", "regulatory_objective__rim"]
)
def test_a_standard_name_is_exempt_from_the_rules_of_custom_ones(name: str) -> None:
    assert api_name_problem(name, standard=True) is None


@pytest.mark.parametrize("name", ["", "Study", "study v", "study__v\n", "__v", "study_", "a" * 61])
def test_a_standard_name_still_has_to_be_a_name(name: str) -> None:
    assert api_name_problem(name, standard=True) is not None


def test_a_custom_name_cannot_pass_for_a_standard_one() -> None:
    problem = api_name_problem("my_connection__v")
    assert problem is not None
    assert "__v belong to standard components" in problem
    assert "__c" in problem


def test_a_refused_name_comes_with_one_that_would_do() -> None:
    problem = api_name_problem("Study Transfer__c")
    assert problem is not None
    assert "For example: study_transfer__c." in problem


def test_forty_characters_fit_before_the_suffix_and_one_more_does_not() -> None:
    assert api_name_problem("a" * 40 + "__c") is None
    problem = api_name_problem("a" * 41 + "__c")
    assert problem is not None
    assert "at most 40" in problem


def test_a_label_becomes_a_name_without_its_accents_and_signs() -> None:
    assert name_from_label("  Étude & Länder (EU) ") == "etude_lander_eu"

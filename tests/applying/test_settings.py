"""The settings of an integration: saved, checked and audited."""

from typing import Any

import pytest

from models.errors import InvalidInput, NotAllowed, NotFound
from models.permissions import Actor
from models.queries.integrations import detail
from models.services.integration_settings import (
    SETTINGS,
    IntegrationSettings,
    change_integration_settings,
    integration_settings,
)
from models.services.vaults import create_profile, create_user
from models.tables import AuditRow, DeletePolicy, Integration, IntegrationRule, Matching
from tests.builders import user
from tests.stages.lab import Lab


def change(lab: Lab, actor: Actor | None = None, **values: Any) -> tuple[str, ...]:
    with lab.store.write() as write:
        return change_integration_settings(write, actor or lab.target.system, lab.target.integration_id, values)


def settings(lab: Lab) -> IntegrationSettings:
    with lab.store.read() as session:
        return integration_settings(session, lab.target.vault_id, lab.target.integration_id)


def refused(lab: Lab, **values: Any) -> dict[str, str]:
    before = settings(lab)
    with pytest.raises(InvalidInput) as problem:
        change(lab, **values)
    assert settings(lab) == before
    return dict(problem.value.fields)


def test_an_integration_begins_with_link_leave_and_no_inactivation(lab: Lab) -> None:
    assert settings(lab) == IntegrationSettings(Matching.LINK, "", "", DeletePolicy.LEAVE, "", "", False)


def test_what_is_saved_is_shown_and_audited_field_by_field(lab: Lab) -> None:
    admin = user(lab.store, lab.target.vault_id)
    changed = change(lab, admin, delete_policy="mark", mark_field="name__v", mark_text="{value} Deleted")
    assert changed == ("delete_policy", "mark_field", "mark_text")
    with lab.store.read() as session:
        shown = detail(session, lab.target.vault_id, lab.target.integration_id)
    assert shown is not None
    assert (shown.settings.delete_policy, shown.settings.mark_text) == (DeletePolicy.MARK, "{value} Deleted")
    told = [row for row in lab.rows(AuditRow, user_name=admin.name) if row.object_name == "integration__sys"]
    assert [(row.field_name, row.old_value, row.new_value) for row in told] == [
        ("delete_policy", "leave", "mark"),
        ("mark_field", "", "name__v"),
        ("mark_text", "", "{value} Deleted"),
    ]


def test_a_save_that_changes_nothing_touches_nothing(lab: Lab) -> None:
    modified = lab.integration(lab.target).modified_at
    assert change(lab, matching="link", inactivates_targets="false") == ()
    assert lab.integration(lab.target).modified_at == modified


def test_a_text_that_another_choice_does_not_need_is_kept(lab: Lab) -> None:
    change(lab, matching="fields", match_source_field="code__c", match_target_field="code__c")
    change(lab, matching="link")
    assert change(lab, matching="fields") == ("matching",)
    assert settings(lab).match_source_field == "code__c"


@pytest.mark.parametrize(
    ("values", "bad"),
    [
        ({"matching": "name"}, {"matching"}),
        ({"delete_policy": "burn"}, {"delete_policy"}),
        ({"inactivates_targets": "perhaps"}, {"inactivates_targets"}),
        ({"color": "blue"}, {"color"}),
        ({"matching": "fields"}, {"match_source_field", "match_target_field"}),
        ({"matching": "fields", "match_source_field": "a.b.c", "match_target_field": "x.y"}, None),
        ({"matching": "fields", "match_source_field": "Code C", "match_target_field": "code__c"}, None),
        ({"matching": "fields", "match_source_field": "code__c", "match_target_field": "gone__c"}, None),
        ({"delete_policy": "mark"}, {"mark_field", "mark_text"}),
        ({"delete_policy": "mark", "mark_field": "gone__c", "mark_text": "x"}, {"mark_field"}),
        ({"delete_policy": "mark", "mark_field": "global_id__sys", "mark_text": "x"}, {"mark_field"}),
        ({"delete_policy": "mark", "mark_field": "strength__c", "mark_text": "deleted"}, {"mark_text"}),
        ({"delete_policy": "mark", "mark_field": "code__c", "mark_text": "x" * 256}, {"mark_text"}),
        ({"delete_policy": "mark", "mark_field": "code__c", "mark_text": "x" * 21}, {"mark_text"}),
    ],
)
def test_every_bad_setting_is_named_and_nothing_is_saved(
    lab: Lab, values: dict[str, Any], bad: set[str] | None
) -> None:
    problems = refused(lab, **values)
    assert set(problems) == bad if bad is not None else set(problems) <= {"match_source_field", "match_target_field"}


def test_without_rules_there_is_nothing_to_check_names_against(lab: Lab) -> None:
    with lab.store.write() as write:
        rule = write.get_one(IntegrationRule, lab.pair.rule_id)
        write.delete(rule)
    assert change(lab, delete_policy="mark", mark_field="gone__c", mark_text="x")


def test_it_needs_manage_connections_and_the_own_vault(lab: Lab) -> None:
    with lab.store.write() as write:
        create_profile(write, lab.target.vault_id, "Few", {"Application: Manage Integrations"})
        create_user(write, lab.target.vault_id, "few", "", "", "Few")
    with pytest.raises(NotAllowed, match="Manage Connections"):
        change(lab, user(lab.store, lab.target.vault_id, "few"), matching="external_id")
    with pytest.raises(NotFound):
        change(lab, lab.source.system, matching="external_id")


def test_the_settings_are_those_of_the_table() -> None:
    assert set(SETTINGS) <= set(Integration.model_fields)

"""Every task of the seeds about connections, and the tests that do it by keys alone on a real store.

Seed S1 tells of connections, seed S3 of configuring the Medical-CRM connection. A task is a numbered procedure, or a
sentence that says what one does.
"""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
S1 = "test_tasks_of_connections"
S3 = "test_tasks_of_medical_crm"
ESTABLISH, FILES, LOOKUPS = "test_connection_actions", "test_connection_files", "test_lookup_actions"

TASKS: dict[str, tuple[str, ...]] = {
    "S1, How to Create Connection Objects, steps 1 to 5": (f"{ESTABLISH}.test_each_type_has_its_own_fields",),
    "S1, Vault to Vault Connections, steps 1 to 5": (
        f"{S1}.test_a_vault_to_vault_connection_is_created_with_all_its_fields",
    ),
    "S1, External Connections, steps 1 to 6": (
        f"{S1}.test_an_external_connection_is_created_with_an_authorization_and_is_active_at_once",
    ),
    "S1, Connection Authorization Types: Basic Auth and Client Credential": (
        f"{S1}.test_an_external_connection_is_created_with_an_authorization_and_is_active_at_once",
        f"{ESTABLISH}.test_an_authorization_is_made_and_its_secret_is_never_shown",
    ),
    "S1, Local Connections, steps 1 to 3": (f"{S1}.test_a_local_connection_is_created_and_has_no_workflow",),
    "S1, How to Establish, steps 1 to 8: with a Remote Vault ID": (
        f"{ESTABLISH}.test_a_file_with_the_vaults_id_makes_both_sides_active_at_once",
        f"{S1}.test_what_is_under_remote_vault_details_fills_itself_once_established",
    ),
    "S1, How to Establish, steps 1 to 10: without one, approved on both sides": (
        f"{ESTABLISH}.test_a_walk_without_a_remote_vault_id_is_approved_by_both_vaults",
        "test_split.test_a_connection_is_established_from_both_sides_without_leaving_the_view",
    ),
    "S1, How to Establish, step 10: rejected": (f"{ESTABLISH}.test_rejecting_takes_both_sides_back_to_pending",),
    "S1, Details: editing, and what a new API Name may break": (
        f"{ESTABLISH}.test_a_new_api_name_is_saved_only_after_its_dependents_were_shown",
    ),
    "S1, Details: duplicating": (f"{ESTABLISH}.test_a_copy_gets_its_own_names",),
    "S1, Workflow Timeline": (
        f"{ESTABLISH}.test_a_walk_without_a_remote_vault_id_is_approved_by_both_vaults",
        f"{S1}.test_a_local_connection_is_created_and_has_no_workflow",
    ),
    "S1, Integrations: on, off, and custom ones": (
        f"{S1}.test_an_integration_is_turned_off_and_on_and_a_custom_one_begun_from_the_connection",
        "test_design.test_a_custom_integration_made_from_nothing_moves_a_custom_object",
    ),
    "S1, Reference Lookups": (
        f"{LOOKUPS}.test_generic_and_object_lookups_are_created_by_form",
        f"{LOOKUPS}.test_keys_are_added_edited_and_removed",
        f"{LOOKUPS}.test_a_mapping_file_shows_what_it_would_do_before_it_is_loaded",
    ),
    "S1, Connection Client: added, changed, inactivated": (f"{ESTABLISH}.test_client_ids_are_added_and_inactivated",),
    "S1, Connection Client: Client ID Filtering": (
        f"{ESTABLISH}.test_client_id_filtering_is_a_setting_of_the_vault",
        f"{S1}.test_an_external_connection_is_created_with_an_authorization_and_is_active_at_once",
    ),
    "S1, Connection Stats": ("test_stats.test_the_page_of_a_connection_charts_the_numbers_of_its_table",),
    "S1, Managing Signing Certificates, steps 1 to 5": (
        "test_certificate_actions.test_a_rollover_is_started_and_in_its_period_a_connection_goes_back",
    ),
    "S1, Managing Signing Certificates, step 3: only one, and step 4: download": (
        f"{ESTABLISH}.test_one_certificate_is_read_only_and_can_be_downloaded",
    ),
    "S1, How to Delete a Connection": (
        f"{ESTABLISH}.test_deleting_asks_for_the_name_and_says_which_queue_forbids_it",
        f"{S1}.test_deleting_an_established_connection_disconnects_the_remote_one_and_takes_its_stats",
        f"{S1}.test_a_standard_connection_cannot_be_deleted_but_reset_to_be_connected_anew",
    ),
    "S1, Connections & Sandbox Vaults: External connections": (
        f"{S1}.test_after_a_refresh_an_external_connection_is_active_again_once_its_url_was_entered_again",
    ),
    "S1, Re-Establishing, steps 1 to 14, with and without a Remote Vault ID": (
        f"{FILES}.test_the_walk_of_re_establishing_by_keyboard",
    ),
    "S1, Re-Establishing, steps 3 and 4: an Active connection is reset first": (
        f"{ESTABLISH}.test_a_reset_connection_is_established_again",
    ),
    "S1, Accessing: Application: Manage Connections": (
        f"{ESTABLISH}.test_a_user_without_the_permission_sees_why_nothing_can_be_done",
    ),
    "S3, Connections: established before it is used": (f"{S3}.test_the_connection_is_established_from_vault_crm",),
    "S3, Integration Rules and Query Object Rules": (
        f"{S3}.test_field_rules_are_reviewed_and_changed_and_a_query_object_rule_is_added",
    ),
    "S3, Queues": (f"{S3}.test_the_queues_of_both_vaults_are_found_and_managed",),
    "S3, User Exception Objects: seen, mended, Retry Transfer": (
        f"{S3}.test_data_moves_and_what_fails_is_seen_mended_and_retried",
        "test_exception_actions.test_r_tries_this_message_again_and_tells_its_result_when_it_is_there",
    ),
    "S3, User Exception Objects: notifications": (f"{S3}.test_new_user_exceptions_are_told_of",),
    "S3, Last Successful Run Time": (
        f"{S3}.test_an_earlier_last_successful_run_time_has_the_jobs_run",
        "test_integration_settings.test_an_earlier_last_successful_run_time_asks_for_the_jobs",
    ),
    "S3, Enabling the Integrations in MedInquiry, steps 1 to 6": (
        f"{S3}.test_integrations_are_activated_from_the_connection",
    ),
    "S3, Enabling the Integrations in Vault CRM, steps 1 to 7": (
        f"{S3}.test_integrations_are_activated_from_the_connection",
    ),
    "S3, Configuring Reference Lookups: with CSV mapping files": (
        f"{S3}.test_reference_lookups_are_made_and_loaded_from_a_csv_mapping_file",
    ),
    "S3, Reviewing Field Rules": (f"{S3}.test_field_rules_are_reviewed_and_changed_and_a_query_object_rule_is_added",),
    "S3, Duplicating the Medical-CRM Connection": (f"{S3}.test_the_connection_is_duplicated_for_another_vault_crm",),
    "S3, Related Permissions": (f"{S3}.test_who_may_not_manage_connections_sees_why_he_cannot_set_it_up",),
}


@pytest.mark.parametrize("task", TASKS)
def test_each_task_is_done_by_a_test(task: str) -> None:
    for each in TASKS[task]:
        module, _, name = each.partition(".")
        parsed = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
        functions = {node.name for node in parsed.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in functions, f"There is no test {each}."

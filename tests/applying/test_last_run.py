"""Last Successful Run Time: from when on an integration looks for changes (seed S3)."""

from datetime import timedelta

import pytest

from models.errors import InvalidInput
from models.services.integrations import set_integration_active, set_last_successful_run_time
from models.tables import Job, JobKind, RunStatus
from tests.stages.lab import Lab, counts


def test_it_is_when_the_integration_last_ran_with_no_errors(lab: Lab) -> None:
    """S3: "the Last Successful Run Time field captures the date and time that the integration last ran with no errors.
    Vault uses this date to query changes since the integration's last successful run."
    """
    lab.create("Good")
    lab.clock.advance(minutes=5)
    assert lab.transfer().status is RunStatus.SUCCESS
    good = lab.integration(lab.target).last_successful_receive
    assert good == lab.run_row(lab.results[-1]).started_at
    lab.create("Bad")
    lab.clock.advance(minutes=5)
    lab.set_connection(lab.source, authorized_user_id=None)
    assert lab.transfer().status is RunStatus.ERRORS_ENCOUNTERED
    assert lab.integration(lab.target).last_successful_receive == good


def test_activation_sets_it_to_now_and_so_does_reactivation(lab: Lab) -> None:
    """S3: "When an integration becomes active, Vault automatically sets its Last Successful Run Time to the current
    datetime. If you inactivate and reactivate an Integration record, Vault also sets the Last Successful Run Time to
    the current datetime."
    """
    lab.transfer()
    before = lab.integration(lab.source).last_successful_send
    with lab.store.write() as write:
        set_integration_active(write, lab.source.system, lab.source.integration_id, False)
    lab.create("While it was inactive")
    lab.clock.advance(hours=1)
    with lab.store.write() as write:
        set_integration_active(write, lab.source.system, lab.source.integration_id, True)
        now = write.now
    row = lab.integration(lab.source)
    assert row.last_successful_send == row.last_successful_receive == now > before
    lab.create("Since then")
    assert counts(lab.send()) == {"found": 1, "sent": 1}


def test_set_to_a_prior_time_it_schedules_a_job_that_sends_again_what_changed_since(lab: Lab) -> None:
    """S3: "You can also manually set the Last Successful Run Time field to a prior datetime. Setting the field to a
    prior datetime automatically triggers the integration to schedule a job."
    """
    lab.create("Product")
    since = lab.integration(lab.source).last_successful_send
    lab.transfer()
    lab.clock.advance(hours=1)
    lab.transfer()
    assert not any(job.requested_at for job in lab.rows(Job))
    with lab.store.write() as write:
        assert set_last_successful_run_time(write, lab.source.system, lab.source.integration_id, since)
    asked = {job.kind for job in lab.rows(Job, vault_id=lab.source.vault_id) if job.requested_at}
    assert asked == {JobKind.SEND, JobKind.RECEIVE}
    assert counts(lab.transfer()) == {"received": 1, "unchanged": 1}


def test_a_time_to_come_is_refused(lab: Lab) -> None:
    later = lab.clock.now() + timedelta(hours=1)
    with lab.store.write() as write, pytest.raises(InvalidInput) as refused:
        set_last_successful_run_time(write, lab.source.system, lab.source.integration_id, later)
    assert "last_successful_run_time" in refused.value.fields

"""The form of the jobs' time limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.doing import jobs as doing
from console.modals.form import Form, form_field
from console.theme import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.queries.jobs import JobRow

ABOUT = "A run that takes longer ends as TIMEOUT and becomes a user exception message; what it has moved stays moved."
HELP = "Real time in seconds, from 1 to a day (86,400)."


def limits_form(vault: str, jobs: Sequence[JobRow]) -> Form:
    """How long a run of each job of a Vault may take."""
    fields = [
        form_field(job.kind, f"{SIGNS.sign(job.kind).word}, in seconds", str(job.longest_seconds), required=True)
        for job in jobs
    ]
    helps = dict.fromkeys((job.kind for job in jobs), HELP)
    return Form(f"Time limits of the jobs of {vault}", fields, doing.set_limits, about=ABOUT, helps=helps)

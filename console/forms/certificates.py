"""The form of a certificate rollover."""

from __future__ import annotations

from datetime import datetime

from console.doing.certificates import DATE_FORM, begin_rollover
from console.modals.form import Form, form_field

HELPS = {
    "published_at": "The new certificate can be downloaded.",
    "testing_at": "Receivers can try the new certificate.",
    "rollover_at": "All connections sign with the new certificate; a connection can go back to the previous one.",
    "both_supported_at": "Both certificates still verify.",
    "final_at": "Only the new certificate signs; the previous one is retired.",
}
LABELS = {
    "published_at": "Published",
    "testing_at": "Testing",
    "rollover_at": "Rollover",
    "both_supported_at": "Both supported",
    "final_at": "Final",
}


def rollover_form(now: datetime) -> Form:
    """When the five stages begin, in lab time; the usual dates stand in it."""
    from models.services.certificates import Dates

    moments = Dates.usual(now).as_tuple()
    fields = [
        form_field(name, label, moment.strftime(DATE_FORM), required=True)
        for (name, label), moment in zip(LABELS.items(), moments, strict=True)
    ]
    about = (
        "The next certificate is issued now, and replaces the current one in five stages of lab time (UTC). "
        "Assumed: the pauses between them; the vendor publishes only the stages."
    )
    return Form("Start a rollover", fields, begin_rollover, is_new=True, about=about, helps=HELPS, saves="Start")

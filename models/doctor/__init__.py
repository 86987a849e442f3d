"""The doctor: why a connection does not move what it should, found before and after the fact.

It reads only. A Vault leaves many of these troubles silent (seed S1, limitations); here each has a cause, a place, and
a command or key that goes there.
"""

from datetime import UTC, datetime

from sqlmodel import Session

from models.doctor.case import open_case
from models.doctor.establishing import check_state, check_users
from models.doctor.finding import Finding, FindingKind, Place
from models.doctor.integrations import check_integrations
from models.doctor.lab import check_certificate, check_exceptions, check_lab
from models.doctor.links import check_links
from models.doctor.lookups import check_lookups
from models.doctor.queues import check_queues
from models.doctor.requirements import check_requirements
from models.doctor.rules import check_rules, check_rules_as_a_whole
from models.doctor.settings import check_settings

__all__ = ["Finding", "FindingKind", "Place", "examine"]

CHECKS = (
    check_state,
    check_users,
    check_integrations,
    check_requirements,
    check_rules,
    check_settings,
    check_lookups,
    check_links,
    check_queues,
    check_certificate,
    check_lab,
    check_exceptions,
)

RULE_KINDS = frozenset(
    {
        FindingKind.NO_ACTIVE_RULE,
        FindingKind.OBJECT_GONE,
        FindingKind.TARGET_FIELD_GONE,
        FindingKind.QUERY_FIELD_GONE,
        FindingKind.FILTER_BROKEN,
    }
)
"""What is told of single rules; what else may be wrong with them is looked for only when there is none of it."""


def examine(
    session: Session, vault_id: int, connection_id: int, now: datetime, real_now: datetime | None = None
) -> list[Finding]:
    """Examine a connection on both sides; answers what stops it first, then what may.

    `now` is lab time; `real_now` real time, by which an engine is alive or not. Raises NotFound when the Vault has no
    such connection.
    """
    case = open_case(session, vault_id, connection_id, now, real_now or datetime.now(UTC))
    findings = [finding for check in CHECKS for finding in check(case)]
    if not any(finding.kind in RULE_KINDS for finding in findings):
        findings += check_rules_as_a_whole(case)
    return sorted(findings, key=lambda finding: not finding.stops)

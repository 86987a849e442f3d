"""Do the settings of integrations fit: the way of matching, the mark of deleted records, who may write documents."""

from typing import Any

from sqlalchemy import Row

from models.data_model import DOCUMENTS
from models.doctor.case import Case, Inbound, Side, quoted
from models.doctor.finding import Finding, FindingKind, Findings
from models.doctor.rules import RuleUse, rule_uses
from models.errors import ConsoleError
from models.permissions import Permission, actor_of
from models.system_fields import SYSTEM_COLUMNS
from models.tables import DeletePolicy, Matching


def check_settings(case: Case) -> Findings:
    """Settings of active integrations that receive, against the objects that their rules write to."""
    uses = rule_uses(case)
    written: dict[int, dict[str, RuleUse]] = {}
    for use in uses:
        written.setdefault(use.point.integration_id, {})[use.target_object] = use
    for side in case.sides:
        for row in side.integrations:
            if row.active and row.id in written:
                yield from _matching(side, row, written[row.id])
                yield from _mark(side, row, written[row.id])
    yield from _document_writers(uses)


def _matching(side: Side, row: Row[Any], written: dict[str, RuleUse]) -> Findings:
    if not any(point.matching is Matching.FIELDS for point in _points(side, row)):
        return
    target = row.match_target_field
    if not row.match_source_field or not target:
        cause = f"{row.name} matches by a pair of fields, and the pair is not complete."
    elif any(_has(side, name, target) for name in written):
        return
    else:
        cause = f"{row.name} matches by {target}, which {' and '.join(written)} of {side.vault} do not have."
    yield _finding(side, row, FindingKind.MATCHING_INCOMPLETE, cause, "Set both fields, or another way of matching.")


def _mark(side: Side, row: Row[Any], written: dict[str, RuleUse]) -> Findings:
    if row.delete_policy is not DeletePolicy.MARK:
        return
    lacking = [name for name in written if not (row.mark_field and _has(side, name, row.mark_field))]
    if lacking:
        cause = f"{row.name} marks with {row.mark_field or 'no field'}, which {' and '.join(lacking)} does not have."
        yield _finding(
            side, row, FindingKind.MARK_FIELD_GONE, cause, "Set another mark field, or another delete policy."
        )


def _document_writers(uses: list[RuleUse]) -> Findings:
    told: set[tuple[int, str]] = set()
    for use in uses:
        user_id = use.receiver.row.authorized_user_id
        if use.target_object != DOCUMENTS or user_id is None:
            continue
        from_document = use.stream.object_name == DOCUMENTS
        needed = Permission.CREATE_CROSSLINK if from_document else Permission.CREATE_DOCUMENT
        try:
            user = actor_of(use.receiver.session, user_id)
        except ConsoleError:
            continue
        if user.may(needed) or (user_id, needed) in told:
            continue
        told.add((user_id, needed))
        yield use.receiver.finding(
            FindingKind.USER_LACKS_PERMISSION,
            f'{user.name} may not write documents in {use.receiver.vault}: the permission "{needed}" is missing.',
            "Grant it in the user's security profile, or select a user who has it.",
            command=f"connections edit {quoted(use.receiver.row.api_name)} authorized_user=USER",
        )


def _points(side: Side, row: Row[Any]) -> list[Inbound]:
    return [point for point in side.inbound.values() if point.integration_id == row.id]


def _has(side: Side, object_name: str, field: str) -> bool:
    model = side.model(object_name)
    return model is not None and (field in model.fields or field in SYSTEM_COLUMNS)


def _finding(side: Side, row: Row[Any], kind: FindingKind, cause: str, remedy: str) -> Finding:
    return side.finding(
        kind,
        cause,
        remedy,
        area="integrations",
        key=row.id,
        where=f"Integration {row.name}",
        command=f"integrations set {quoted(row.api_name)}",
    )

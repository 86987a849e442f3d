"""Is there what active integrations need: other integrations, applications and local features (seed S0)."""

from models.doctor.case import Case, Side, quoted
from models.doctor.finding import Finding, FindingKind, Findings
from models.queries.requirements import IntegrationRequirements, Requirement, RequirementKind

_MISSING = {
    RequirementKind.APPLICATION: FindingKind.APPLICATION_MISSING,
    RequirementKind.FEATURE: FindingKind.FEATURE_MISSING,
}


def check_requirements(case: Case) -> Findings:
    """What active integrations of both sides lack. What both miss in one Vault is told once, where it is missing."""
    if not case.is_vault_to_vault:
        return
    told: set[str] = set()
    for side, each, lacks in _lacking(case):
        if lacks.side == "own":
            told.add(lacks.problem)
            yield _own(side, each, lacks)
    for side, each, lacks in _lacking(case):
        if lacks.side == "partner" and lacks.problem not in told:
            told.add(lacks.problem)
            yield _partner(case, side, each, lacks)


def _lacking(case: Case) -> list[tuple[Side, IntegrationRequirements, Requirement]]:
    return [
        (side, each, lacks)
        for side in case.sides
        for each in side.needs.values()
        if each.active
        for lacks in each.missing
        # The one that supersedes another tells of both.
        if lacks.kind is not RequirementKind.SUPERSEDED_BY
    ]


def _own(side: Side, each: IntegrationRequirements, lacks: Requirement) -> Finding:
    if lacks.kind is RequirementKind.DEPENDENCY:
        known = lacks.key is not None
        return side.finding(
            FindingKind.DEPENDENCY_OFF,
            f"{each.name} needs {lacks.name}, which {'is inactive' if known else 'does not exist on this connection'}.",
            lacks.remedy if known else "Create the integration that it depends on, and activate it.",
            area="integrations",
            key=lacks.key if known else each.key,
            where=f"Integration {each.name}",
            command=f"integrations {'activate' if known else 'show'} {lacks.key if known else quoted(each.api_name)}",
        )
    if lacks.kind is RequirementKind.SUPERSEDES:
        return side.finding(
            FindingKind.SUPERSEDED_ACTIVE,
            f"{each.name} and {lacks.name}, which it supersedes, are both active in {side.vault}.",
            f"Inactivate {lacks.name}: {each.name} is used in its place.",
            severity="warns",
            area="integrations",
            key=lacks.key,
            where=f"Integration {lacks.name}",
            command=f"integrations inactivate {lacks.key}",
        )
    return side.finding(
        _MISSING[lacks.kind],
        f"{each.name} is active, but {lacks.problem}",
        f"{lacks.remedy} Or inactivate {each.name}.",
        severity="warns",
        area="integrations",
        key=each.key,
        where=f"Integration {each.name}",
        command=adding(lacks),
    )


def _partner(case: Case, side: Side, each: IntegrationRequirements, lacks: Requirement) -> Finding:
    cause, kind = f"{each.name} of {side.vault} needs it: {lacks.problem}", FindingKind.PARTNER_LACKS
    if case.remote is not None:
        other = case.remote if side is case.own else case.own
        return other.finding(kind, cause, lacks.remedy, severity="warns", command=adding(lacks))
    return side.finding(
        kind,
        cause,
        lacks.remedy,
        severity="warns",
        area="integrations",
        key=each.key,
        command=f"integrations show {each.key}",
    )


def adding(lacks: Requirement) -> str:
    """The call that gives a Vault the application or local feature that is missing, the first of alternatives."""
    return f"vaults edit --{lacks.kind.value} {quoted(lacks.names[0])}"

"""Are the integrations on where they have to be, and do outbound points lead to inbound ones."""

from sqlalchemy import select

from models.doctor.case import Case, Inbound, Side, Stream, quoted
from models.doctor.finding import Finding, FindingKind, Findings
from models.tables import Direction, Integration, IntegrationPoint, PointSource, table_of

_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_sources = table_of(PointSource)


def check_integrations(case: Case) -> Findings:
    """Integrations of both sides: any active, the partner's too, and where their points lead."""
    if not case.is_vault_to_vault:
        return
    for side in case.sides:
        yield from _any_active(side)
        yield from _run_times(case, side)
        yield from _idle_points(side)
    for sender, receiver in case.flows:
        yield from _streams(sender, receiver)


def _any_active(side: Side) -> Findings:
    if not side.integrations:
        yield side.finding(
            FindingKind.NO_INTEGRATION,
            f"{side.name} has no integration in {side.vault}, so nothing is sent or applied.",
            "Create a custom integration on the connection.",
            command=f"integrations list --connection {quoted(side.row.api_name)}",
        )
    elif not any(row.active for row in side.integrations):
        row = next((each for each in side.integrations if not _before_it(side, each.id)), side.integrations[0])
        yield side.finding(
            FindingKind.INTEGRATION_OFF,
            f"All {len(side.integrations)} integrations of {side.name} are inactive in {side.vault}.",
            f"Set the Status of the integrations that you need to Active.{_before_it(side, row.id)}",
            area="integrations",
            key=row.id,
            where=f"Integration {row.name}",
            command=f"integrations activate {quoted(row.api_name)}",
        )


def _before_it(side: Side, integration_id: int) -> str:
    """What has to be done before an integration can be activated, as more of a remedy; empty when nothing has to."""
    problem, remedy = side.needs[integration_id].switching_problem(active=True)
    return f" Before that: {remedy}" if problem else ""


def _run_times(case: Case, side: Side) -> Findings:
    for row in side.integrations:
        if row.active and row.last_successful_send is not None and row.last_successful_send > case.now:
            yield side.finding(
                FindingKind.RUN_TIME_AHEAD,
                f"{row.name} looks for changes from {row.last_successful_send:%Y-%m-%d %H:%M} on, which is still to "
                "come: until then nothing is sent.",
                "Set its Last Successful Run Time back.",
                area="integrations",
                key=row.id,
                where=f"Integration {row.name}",
                command=f"integrations last-run {quoted(row.api_name)} now",
            )


def _idle_points(side: Side) -> Findings:
    statement = (
        select(_points.c.id, _points.c.name, _integrations.c.id.label("integration_id"), _integrations.c.api_name)
        .join(_integrations, _integrations.c.id == _points.c.integration_id)
        .where(
            _integrations.c.connection_id == side.key,
            _integrations.c.active,
            _points.c.direction == Direction.OUTBOUND,
            _points.c.id.not_in(select(_sources.c.point_id)),
        )
        .order_by(_points.c.id)
    )
    for row in side.session.execute(statement):
        yield side.finding(
            FindingKind.POINT_WITHOUT_SOURCE,
            f"Outbound point {row.name} of {side.vault} names no object to send.",
            "Add an object that it watches, or remove the point.",
            severity="warns",
            area="integrations",
            key=row.integration_id,
            where=f"Integration point {row.name}",
            command=f"integrations show {quoted(row.api_name)}",
        )


def _streams(sender: Side, receiver: Side) -> Findings:
    told: set[tuple[int, str]] = set()
    for stream in sender.streams:
        target = receiver.inbound.get(stream.remote_point)
        if target is None:
            if stream.active:
                yield _missing(sender, receiver, stream)
            continue
        pair = (stream.integration_id, target.integration_api_name)
        if stream.active != target.active and pair not in told:
            told.add(pair)
            yield _one_sided(sender, receiver, stream, target)


def _missing(sender: Side, receiver: Side, stream: Stream) -> Finding:
    return receiver.finding(
        FindingKind.POINT_MISSING,
        f"{sender.vault} sends {stream.object_name} to point {stream.remote_point}; {receiver.name} of "
        f"{receiver.vault} has no inbound point of that name.",
        "Create the inbound point, or correct the remote point in the sending Vault.",
        command=f"integrations list --connection {quoted(receiver.row.api_name)}",
        where=f"Integration point {stream.remote_point}",
    )


def _one_sided(sender: Side, receiver: Side, stream: Stream, target: Inbound) -> Finding:
    if stream.active:
        side, key, name, api_name = receiver, target.integration_id, target.integration, target.integration_api_name
        cause = f"{sender.vault} sends {stream.object_name}, but {name} is inactive in {receiver.vault}."
    else:
        side, key, name, api_name = sender, stream.integration_id, stream.integration, stream.integration_api_name
        cause = f"{receiver.vault} would take {stream.object_name}, but {name} is inactive in {sender.vault}."
    return side.finding(
        FindingKind.OFF_ON_ONE_SIDE,
        cause,
        f"Set its Status to Active, or the other side's to Inactive.{_before_it(side, key)}",
        severity="stops" if stream.active else "warns",
        area="integrations",
        key=key,
        where=f"Integration {name}",
        command=f"integrations activate {quoted(api_name)}",
    )

"""A connection's details, as lines to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from console.details.lookups import missing
from console.details.texts import active, failed, moment, short, state, yes_no
from console.targets import Goto
from console.theme import SIGNS, Tone
from console.widgets.charts import Chart, Panel
from console.widgets.columns import number
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from datetime import date

    from console.doing.connections import ConnectionPage
    from models.queries.connections import ConnectionDetail, DayStats


def document(page: ConnectionPage) -> Document:
    """The sections of seed S1, in its order, and the queues that use the connection."""
    detail = page.detail
    parts: list[Part] = [Title(detail.name, state(detail.state))]
    if detail.exceptions:
        count = detail.exceptions
        text = f"! {count} active user exception {'message' if count == 1 else 'messages'}"
        parts.append(Note(text, "bad", Goto("exceptions", 0, within=detail.key)))
    if page.approval is not None:
        here = "Complete it with the Actions menu." if page.approval.own_open else "Approved here already."
        parts.append(Note(f"! Waits for approval of the connection with {page.approval.remote_vault}. {here}", "warn"))
    parts += [
        Section("Details"),
        Fact("API Name", detail.api_name),
        Fact("Connection Type", SIGNS.sign(detail.type).word),
        Fact("Record ID", detail.record_id),
        Fact("Authorized User", detail.authorized_user or ""),
        Fact("Certificate", detail.certificate or "the current one"),
        Fact("System Managed", yes_no(detail.system_managed)),
    ]
    if detail.type == "external__sys":
        used = page.authorization
        parts += [
            Fact("URL", detail.url or ""),
            Fact("Authorization", f"{used.name} ({used.identity})" if used else ""),
        ]
    if detail.description:
        parts.append(Fact("Description", detail.description))
    parts.append(Fact("Last Modified", moment(detail.modified_at)))
    if detail.type == "vault_to_vault__sys":
        parts += _remote(detail)
    parts += _timeline(page)
    parts += _integrations(detail)
    parts += _lookups(page)
    parts += _clients(page)
    today = detail.stats[0].day
    parts += [Section("Connection Stats", "messages per day"), *stats_parts(detail.stats, today)]
    parts += _queues(detail)
    return parts


def _remote(detail: ConnectionDetail) -> list[Part]:
    parts: list[Part] = [Section("Remote Vault Details")]
    if detail.remote_connection_id is None:
        if not (detail.remote_vault_id or detail.remote_vault_name or detail.remote_dns_host):
            return [*parts, Note("Not established: no Vault on the other side yet.")]
        parts.append(Note("Not established: these details are for reference."))
    target = None
    if detail.remote_connection_id is not None:
        target = Goto("connections", detail.remote_connection_id, detail.remote_vault_id)
    parts += [
        Fact("Vault", detail.remote_vault_name),
        Fact("Vault ID", str(detail.remote_vault_id or "")),
        Fact("DNS", detail.remote_dns_host),
    ]
    if target is not None:
        parts.append(Fact("Connection there", detail.remote_name or "", target=target))
    if detail.remote_state:
        text, tone = SIGNS.words(detail.remote_state)
        parts.append(Fact("State there", text, tone))
    return parts


def _timeline(page: ConnectionPage) -> list[Part]:
    """What happened, when, by whom and with what verdict; wrapped, because a name cut short names nobody."""
    parts: list[Part] = [Section("Workflow Timeline")]
    if not page.timeline:
        blank = page.detail.type != "vault_to_vault__sys"
        nothing = (
            "Blank: approval is not required." if blank else "Nothing yet: no connection file was downloaded or used."
        )
        return [*parts, Note(nothing)]
    for line in page.timeline:
        verdict = f": {line.verdict.capitalize()}" if line.verdict else ""
        parts.append(Fact(short(line.at), f"{line.what}{verdict}\n{line.who}"))
    return parts


def _lookups(page: ConnectionPage) -> list[Part]:
    key = page.key
    lines = tuple(
        Line(
            (line.name, number(line.keys), number(line.unused), missing(line.missing)),
            Goto("lookups", line.key, within=key),
        )
        for line in page.lookups
    )
    heads = (Head("Name", flex=True), Head("Keys", "right"), Head("Unused", "right"), Head("Missing", "right"))
    return [Section("Reference Lookups"), Grid(heads, lines)]


def _clients(page: ConnectionPage) -> list[Part]:
    lines = tuple(Line((line.client_id, active(line.active))) for line in page.clients)
    filtering = Note(f"Client ID Filtering is {'on' if page.filtering else 'off'} in this Vault.")
    return [Section("Connection Client"), Grid((Head("Client ID", flex=True), Head("Status")), lines), filtering]


def _integrations(detail: ConnectionDetail) -> list[Part]:
    lines = tuple(
        Line((line.name, active(line.active)), Goto("integrations", line.key)) for line in detail.integrations
    )
    running = sum(line.active for line in detail.integrations)
    heads = (Head("Name", flex=True), Head("Status"))
    return [Section("Integrations", f"{running} of {len(lines)} active"), Grid(heads, lines)]


METRICS: Final[tuple[tuple[str, str, str, Tone], ...]] = (
    ("sent", "Sent", "Sent", "link"),
    ("received", "Received", "Rcvd", "link"),
    ("failures", "Failures", "Fail", "bad"),
    ("retries", "Retries", "Retry", "warn"),
    ("timeouts", "Timeouts", "T/out", "bad"),
    ("fatal_errors", "Fatal errors", "Fatal", "bad"),
)
"""The counters of Connection Stats: field, title, heading of a narrow column, tone of its chart."""


def stats_parts(days: Sequence[DayStats], today: date, height: int = 3) -> list[Part]:
    """Connection Stats as charts with the table beneath. `days` begin with the latest."""
    if not any(getattr(day, name) for day in days for name, *_ in METRICS):
        return [Note(f"Nothing was sent or received in these {len(days)} days."), _stats_table(days, today)]
    panels = tuple(
        Panel(title, tuple(getattr(day, name) for day in reversed(days)), tone) for name, title, _, tone in METRICS
    )
    labels = tuple(f"{day.day:%d}" for day in reversed(days))
    return [Chart(panels, labels, height), Note(""), _stats_table(days, today)]


def _stats_table(days: Sequence[DayStats], today: date) -> Grid:
    lines = [
        Line(
            (
                "Today" if day.day == today else day.day.strftime("%a %d"),
                number(day.sent),
                number(day.received),
                failed(day.failures),
                number(day.retries),
                failed(day.timeouts),
                failed(day.fatal_errors),
            )
        )
        for day in days
    ]
    sums = {name: sum(getattr(day, name) for day in days) for name, *_ in METRICS}
    lines.append(
        Line(
            (
                (f"{len(days)} days", "strong"),
                number(sums["sent"]),
                number(sums["received"]),
                failed(sums["failures"]),
                number(sums["retries"]),
                failed(sums["timeouts"]),
                failed(sums["fatal_errors"]),
            )
        )
    )
    heads = (Head("", flex=True), *(Head(label, "right") for _, _, label, _ in METRICS))
    return Grid(heads, tuple(lines))


def _queues(detail: ConnectionDetail) -> list[Part]:
    lines = tuple(
        Line(
            (
                SIGNS.words(line.type),
                line.label,
                number(line.queued),
                (f"{SIGNS.pick('→', '->')} {line.deliver_to}" if line.deliver_to else "", "muted"),
            ),
            Goto("queues", line.key),
        )
        for line in detail.queues
    )
    heads = (Head("Type"), Head("Queue", flex=True), Head("Queued", "right"), Head("Delivers to", flex=True))
    return [Section("Queues"), Grid(heads, lines, "No queue uses this connection, so nothing can be sent or received.")]

"""A connection's details, as lines to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.details.texts import active, failed, moment, short, state, yes_no
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import number
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from console.doing.connections import ConnectionPage
    from models.queries.connections import ConnectionDetail


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
    parts += _stats(detail)
    parts += _queues(detail)
    return parts


def _remote(detail: ConnectionDetail) -> list[Part]:
    parts: list[Part] = [Section("Remote Vault Details")]
    if detail.remote_vault_id is None:
        return [*parts, Note("Not established: no Vault on the other side yet.")]
    target = None
    if detail.remote_connection_id is not None:
        target = Goto("connections", detail.remote_connection_id, detail.remote_vault_id)
    parts += [
        Fact("Vault", detail.remote_vault_name),
        Fact("Vault ID", str(detail.remote_vault_id)),
        Fact("DNS", detail.remote_dns_host),
        Fact("Connection there", detail.remote_name or "", target=target),
    ]
    if detail.remote_state:
        text, tone = SIGNS.words(detail.remote_state)
        parts.append(Fact("State there", text, tone))
    return parts


def _timeline(page: ConnectionPage) -> list[Part]:
    """What happened, when, by whom and with what verdict; wrapped, because a name cut short names nobody."""
    parts: list[Part] = [Section("Workflow Timeline")]
    if not page.timeline:
        return [*parts, Note("Nothing yet: no connection file was downloaded or used.")]
    for line in page.timeline:
        verdict = f": {line.verdict.capitalize()}" if line.verdict else ""
        parts.append(Fact(short(line.at), f"{line.what}{verdict}\n{line.who}"))
    return parts


def _lookups(page: ConnectionPage) -> list[Part]:
    lines = tuple(
        Line((line.name, line.target_object or SIGNS.pick("–", "-"), number(line.keys))) for line in page.lookups
    )
    heads = (Head("Name", flex=True), Head("Target Object", flex=True), Head("Keys", "right"))
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


def _stats(detail: ConnectionDetail) -> list[Part]:
    lines = [
        Line(
            (
                "Today" if place == 0 else day.day.strftime("%a %d"),
                number(day.sent),
                number(day.received),
                failed(day.failures),
                number(day.retries),
                failed(day.timeouts),
                failed(day.fatal_errors),
            )
        )
        for place, day in enumerate(detail.stats)
    ]
    names = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")
    sums = {name: sum(getattr(day, name) for day in detail.stats) for name in names}
    lines.append(
        Line(
            (
                ("7 days", "strong"),
                number(sums["sent"]),
                number(sums["received"]),
                failed(sums["failures"]),
                number(sums["retries"]),
                failed(sums["timeouts"]),
                failed(sums["fatal_errors"]),
            )
        )
    )
    labels = ("Sent", "Rcvd", "Fail", "Retry", "T/out", "Fatal")
    heads = (Head("", flex=True), *(Head(label, "right") for label in labels))
    return [Section("Connection Stats", "messages"), Grid(heads, tuple(lines))]


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

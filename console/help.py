"""Help for what has the focus: made from the bindings that are active there, so that it never lags behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from textual.binding import Binding

from console.areas import AREAS
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from console.session import Session

ABOUT: dict[str, tuple[str, ...]] = {
    "home": (
        "Each connection stands once, with a line for each way of its data. Enter on a number lists what it counts.",
        "Sent and received count records and items of today's runs; applied and skipped count target records.",
        "What waits are messages in queues, what failed are items of user exceptions that are still open.",
    ),
    "connections": (
        "A connection is this Vault's side of a pair. Only while both sides are Active does anything move.",
        "Connection Stats count Spark messages, not records: one message carries up to 500 items.",
    ),
    "integrations": (
        "The next search for changes starts at Last Successful Run Time. Only a run without errors moves it.",
        "Activating an integration sets it to now: what changed before is not sent.",
        "Assumed: one time is kept per direction, and the earlier one is shown.",
        "Enter lists the points and rules of an integration; there, {design.new} adds to what is under the cursor.",
        "Make the inbound point in the receiving Vault first: the sending side then chooses it.",
    ),
    "queues": (
        "Enter on a queue lists its messages. Those that have left the queue stay to be looked at.",
        "Assumed: tries are 1, 2, 5, 10, 20, 40, 60, 60 and 60 minutes apart; after the last one a message is removed.",
    ),
    "certificates": (
        "A connection's certificate is chosen in Connections, with Manage Signing Certificate.",
        "One certificate serves all Vaults. Which one a connection signs with can be chosen while two are valid.",
    ),
    "exceptions": (
        "A message is Active until every item of it has passed. Mend the cause, then retry, or wait for the next run.",
        "Assumed: a message whose items have all passed becomes Inactive by itself.",
    ),
    "records": (
        "Enter on a field edits it. Link partner leads to the record in the other Vault that this one is linked with.",
        "A save that changes nothing touches no Modified Date, so nothing is sent.",
    ),
    "jobs": (
        "Every five minutes of lab time: send finds changes, deliver hands messages over, receive applies them.",
        "Found, sent and received count records and items; created to failed count target records.",
    ),
    "audit": (
        "One line per creation or action, one per changed field. The filter looks in every column.",
        "{audit.narrow} asks for rows by their fields.",
        "On behalf of names the person for whom the platform acted in this Vault.",
    ),
    "messages": (
        "Looking takes no message out of its queue. Both sides of a connection have it, with the same message id.",
        "The filter takes words, and terms such as state: point: connection: queue: item: key: attr:name=value since:.",
        "A value with blanks stands in double quotes; the line below the filter tells what a term may be.",
        "key: is a record's id, name, Global ID or a unique value such as External ID; Name* is how a name begins.",
        "f follows what comes, f again holds the list still and counts what is new, f again shows it all. Esc ends it.",
    ),
}
"""What a person should know about an area, with our assumptions named."""


def document_for(
    screen: Screen[Any], focused: Widget | None, session: Session, written: Callable[[str], str] = str
) -> Document:
    """The help about what has the focus on a screen; `written` puts mapped keys into our texts."""
    parts: list[Part] = []
    area_name = getattr(screen, "AREA", "")
    title = next((item.label for item in AREAS if item.name == area_name), "Help")
    if session.viewer_reason:
        parts += [Section("This console is a viewer"), Note(session.viewer_reason, "warn")]
    if area_name in ABOUT:
        parts.append(Section(title))
        parts += [Note(written(text), "" if not text.startswith("Assumed") else "warn") for text in ABOUT[area_name]]
    about = getattr(focused, "HELP", None) or getattr(screen, "HELP", None)
    parts.append(Section("What has the focus"))
    if about:
        parts.append(Note(written(about), ""))
    groups: dict[str, dict[str, tuple[list[str], Binding]]] = {"here": {}, "screen": {}, "app": {}}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.system or not binding.id:
            continue
        group = "app" if active.node is screen.app else "screen" if active.node is screen else "here"
        keys, _ = groups[group].setdefault(binding.id, ([], binding))
        keys.append(screen.app.get_key_display(binding))
    parts.append(_keys(groups["here"], "It has no keys of its own."))
    parts += [Section("On this screen"), _keys(groups["screen"])]
    parts += [Section("Everywhere"), _keys(groups["app"])]
    parts += [
        Section("Text"),
        Fact("Copy", written("{area.copy} copies; in most terminals Shift with the mouse selects text too")),
    ]
    return parts


def _keys(found: Mapping[str, tuple[list[str], Binding]], when_empty: str = "None.") -> Grid:
    """One line per binding, with all its keys."""
    lines = tuple(
        Line(((" ".join(keys), "accent"), binding.description, (binding.tooltip, "muted")))
        for keys, binding in found.values()
    )
    return Grid((Head(""), Head(""), Head("", flex=True)), lines, when_empty)

"""How the catalogue is drawn: the standard connections with their features as the vendor's overview lists them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from console.targets import About, Goto
from console.theme import SIGNS, Tone
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title
from console.widgets.links import LinkLine, Piece
from console.widgets.paint import clean, fit, wrap

if TYPE_CHECKING:
    from seed.catalogue.load import Catalogue
    from seed.catalogue.schema import StandardConnection, Transfer
    from seed.catalogue.standing import FeatureStanding, Standing

_INDENT: Final = 3
_NAME: Final = 31
_STATE: Final = 9


def _use(feature: FeatureStanding) -> tuple[str, Tone]:
    match feature.use:
        case "on" if not feature.missing:
            return SIGNS.pick("● On", "* On"), "ok"
        case "on":
            return SIGNS.pick("● On", "* On"), "warn"
        case "off":
            return SIGNS.pick("○ Off", "o Off"), "muted"
        case _:
            return "-", "muted"


def catalogue_lines(standings: Sequence[Standing], vault: str, width: int, text: str = "") -> tuple[LinkLine, ...]:
    """Draw the standard connections for so many cells, those of the Vault in use first; `text` narrows them."""
    wanted = [one for one in standings if not text or text.casefold() in _words(one).casefold()]
    if not wanted:
        return (LinkLine("none", (Piece(f" No standard connection has “{clean(text)}” in it.", "muted"),)),)
    lines: list[LinkLine] = []
    here = [one for one in wanted if one.connection_id is not None]
    others = [one for one in wanted if one.connection_id is None]
    for title, group in ((f"With a record in {clean(vault)}", here), ("For other Vaults", others)):
        if not group:
            continue
        lines.append(LinkLine(f"title {title}", (Piece(f" {title}", "heading"), Piece(f"  {len(group)}", "muted"))))
        lines.append(_heads(width))
        for standing in group:
            lines += _standing(standing, width)
        lines.append(LinkLine(f"end {title}", ()))
    return tuple(lines)


def _words(one: Standing) -> str:
    return " ".join((one.name, one.key, *one.families, *(feature.name for feature in one.features)))


def _heads(width: int) -> LinkLine:
    pieces = (
        Piece(" " * _INDENT),
        Piece(fit("Integration", _NAME), "muted"),
        Piece(fit("Here", _STATE), "muted"),
        Piece(fit("Required applications", max(10, width - _INDENT - _NAME - _STATE)), "muted"),
    )
    return LinkLine("heads", pieces)


def _standing(one: Standing, width: int) -> Iterator[LinkLine]:
    name = clean(one.name)
    state = SIGNS.words(one.state) if one.state is not None else ("not here", "muted")
    known = ", ".join(f"{count} {evidence}" for evidence, count in one.evidence.items() if count)
    partner = f" {SIGNS.pick('↔', '<->')} {clean(one.partner)}" if one.partner else ""
    target = Goto("connections", one.connection_id) if one.connection_id is not None else About(one.key)
    key = f"{one.key} {one.connection_id or ''}"
    used = cell_len(name + partner) + cell_len(state[0]) + 5
    pieces = [Piece(" "), Piece(fit(name, min(cell_len(name), width - 20)), "strong", target), Piece(partner, "muted")]
    pieces += [Piece("  "), Piece(*state)]
    if used + len(known) + 14 <= width:
        pieces.append(Piece(f"  transfers: {known}", "muted"))
    yield LinkLine(key, tuple(pieces))
    for feature in one.features:
        yield from _feature(one, feature, key, width)


def _feature(one: Standing, feature: FeatureStanding, key: str, width: int) -> Iterator[LinkLine]:
    target = Goto("integrations", feature.integration_id) if feature.integration_id is not None else About(one.key)
    room = max(10, width - _INDENT - _NAME - _STATE)
    applications = wrap(feature.applications, room)
    name, rest = feature.name, _NAME - 1
    shown = name if cell_len(name) <= rest else fit(name, rest)
    yield LinkLine(
        f"{key} {name}",
        (
            Piece(" " * _INDENT),
            Piece(shown, "", target),
            Piece(" " * (_NAME - cell_len(shown))),
            Piece(fit(_use(feature)[0], _STATE), _use(feature)[1]),
            Piece(applications[0]),
        ),
    )
    for number, text in enumerate(applications[1:]):
        yield LinkLine(f"{key} {name} applications {number}", (Piece(" " * (_INDENT + _NAME + _STATE)), Piece(text)))
    notes: list[tuple[str, Tone]] = [(feature.dependencies, "accent")] if feature.dependencies else []
    if one.connection_id is not None:
        notes += [(f"Missing: {sentence}", "warn") for sentence in feature.missing]
    for place, (note, tone) in enumerate(notes):
        for number, text in enumerate(wrap(note, max(10, width - _INDENT - 3))):
            pieces = (Piece(" " * (_INDENT + 2)), Piece(text, tone))
            yield LinkLine(f"{key} {name} note {place} {number}", pieces)


_KNOWN: Final[dict[str, Tone]] = {"documented": "ok", "legacy": "", "derived": "warn", "assumed": "warn"}


def about(catalogue: Catalogue, connection: StandardConnection) -> Document:
    """All that the catalogue says of a connection, and how well each thing is known."""
    parts: list[Part] = [
        Title(connection.name),
        Note(connection.about, ""),
        Fact("Families", ", ".join(connection.families)),
    ]
    if connection.aliases:
        parts.append(Fact("Also called", ", ".join(connection.aliases)))
    articles = (("about", connection.articles.about), ("configuring", connection.articles.configuring))
    if any(number for _, number in articles):
        parts.append(Fact("Help articles", ", ".join(f"{name} {number}" for name, number in articles if number)))
    if connection.several:
        parts.append(Fact("Several times", connection.several))
    for side in connection.sides:
        vault = catalogue.vaults[side.vault].name
        parts.append(Fact(f"Record in {vault}", f"{side.name} ({side.api_name})"))
    parts.append(Note("Names that begin with sim_ and labels with “(simulated)” stand for unpublished ones."))
    for transfer in connection.transfers:
        parts += _transfer(catalogue, transfer)
    if connection.notes:
        parts.append(Section("To know"))
        lines = tuple(Line((_known(note.evidence), note.text)) for note in connection.notes)
        parts.append(Grid((Head(""), Head("", flex=True)), lines))
    if connection.unknown:
        parts += [Section("Not published"), Note(f"{', '.join(connection.unknown)}.", "muted")]
    return parts


def _transfer(catalogue: Catalogue, transfer: Transfer) -> Iterator[Part]:
    ways = f"{catalogue.vaults[transfer.source].name} to {catalogue.vaults[transfer.target].name}"
    yield Section(transfer.name, ways)
    yield Fact("Known", *_known(transfer.evidence))
    yield Fact("Integration", transfer.feature)
    for label, value in (
        ("when", transfer.trigger),
        ("only if", transfer.gate),
        ("documented", transfer.documented),
        ("assumed", transfer.assumed),
    ):
        if value:
            yield Fact(label.capitalize(), value)
    yield Fact("Source deleted", f"the target {'is ' if transfer.on_delete != 'stays' else ''}{transfer.on_delete}")


def _known(evidence: str) -> tuple[str, Tone]:
    return evidence.capitalize(), _KNOWN[evidence]

"""The line below a filter line that knows terms: what is wrong with what was typed, or what can be typed there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.suggester import Suggester

from console.theme import SIGNS
from console.widgets.bars import Bar
from console.widgets.paint import clean

if TYPE_CHECKING:
    from models.queries.message_finding import Places


class TermsBar(Bar):
    """Says what is wrong with a filter line, else what its last term means. It is there only with the line."""

    DEFAULT_CSS = "TermsBar { display: none; }"

    def tell(self, line: str, problems: Sequence[str]) -> None:
        """Say the first problem of a line, or how it goes on."""
        if problems:
            self.put((f" {SIGNS.pick('✕', 'x')} {clean(problems[0])}", "bad"))
        else:
            self.put((f" {clean(_hint(line))}", "muted"))


def _hint(line: str) -> str:
    from models.queries.message_filter import TERMS, term_called
    from models.queries.message_terms import pieces

    found = pieces(line)
    name = found[-1].name if found and not line[-1:].isspace() else ""
    term = term_called(name) if name else None
    if term is None:
        return "Terms: " + " ".join(f"{each.name}:" for each in TERMS) + "  or words"
    known = f"{', '.join(term.choices)}.  " if term.choices else ""
    return f"{term.label}: {known}{term.about}"


class TermSuggester(Suggester):
    """Completes names of terms, and values that there are; the right arrow takes a suggestion."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.places: Places | None = None

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last piece completed; None when nothing begins so."""
        from models.queries.message_filter import TERMS, term_called

        if not value or value[-1].isspace() or value.count('"') % 2:
            return None
        last = value.split()[-1]
        name, colon, typed = last.partition(":")
        if not colon:
            ending = next((term.name[len(last) :] for term in TERMS if term.name.startswith(last)), "")
            return f"{value}{ending}:" if ending else None
        term = term_called(name)
        if term is None or not typed:
            return None
        known = term.choices or self._values(term.name)
        ending = next((each[len(typed) :] for each in known if each.startswith(typed)), "")
        return value + ending if ending else None

    def _values(self, name: str) -> Sequence[str]:
        places = self.places
        if places is None:
            return ()
        found = {
            "point": places.points,
            "object": places.objects,
            "connection": tuple(row.api_name for row in places.connections),
            "queue": tuple(row.api_name for row in places.queues),
        }
        return [value for value in found.get(name, ()) if value and not any(sign.isspace() for sign in value)]

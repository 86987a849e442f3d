"""The filter line of the message browser: words and terms `name:value`, as a person types them.

A value with blanks stands in double quotes, `key:"Product 001"`; a word in quotes is never a term. Within quotes `""`
is one quote. What is wrong with a line is told as sentences, and the rest of it holds all the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.queries.message_filter import EVERYTHING, MessageFilter, term_called, with_term


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the line: a term with its value, or a word (`name` is empty). `open`: its quote is not closed."""

    name: str
    value: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What a line says, and what is wrong with it."""

    filter: MessageFilter
    problems: tuple[str, ...] = ()


def pieces(line: str) -> tuple[Piece, ...]:
    """The terms and words of a line, in their order."""
    found: list[Piece] = []
    place, end = 0, len(line)
    while place < end:
        if line[place].isspace():
            place += 1
            continue
        start = place
        while place < end and not line[place].isspace() and line[place] not in ':"':
            place += 1
        name = ""
        if place < end and line[place] == ":" and place > start:
            name, start, place = line[start:place], place + 1, place + 1
        else:
            place = start
        value, place, unclosed = _value(line, place)
        found.append(Piece(name, value, unclosed))
    return tuple(found)


def _value(line: str, place: int) -> tuple[str, int, bool]:
    """A value from `place` on: up to the next blank outside quotes."""
    said: list[str] = []
    quoted = False
    while place < len(line):
        sign = line[place]
        if sign == '"':
            if quoted and line[place + 1 : place + 2] == '"':
                said.append(sign)
                place += 1
            else:
                quoted = not quoted
        elif sign.isspace() and not quoted:
            break
        else:
            said.append(sign)
        place += 1
    return "".join(said), place, quoted


def read_line(line: str, now: datetime) -> Read:
    """The filter that a line describes at a lab time; what cannot be read is left out of it, and told."""
    found, words, problems = EVERYTHING, list[str](), list[str]()
    for piece in pieces(line):
        if piece.open:
            problems.append('A quote (") is not closed.')
        if not piece.name:
            if piece.value.strip():
                words.append(piece.value)
            continue
        try:
            found = with_term(found, piece.name, piece.value, now)
        except ValueError as error:
            problems.append(str(error))
    return Read(replace(found, words=tuple(words)), tuple(dict.fromkeys(problems)))


def write_line(found: Iterable[tuple[str, str]]) -> str:
    """The line of terms (name and value) and words (an empty name), in their order; what is empty is left out."""
    said = []
    for name, value in found:
        if not value.strip():
            continue
        said.append(f"{name}:{_quoted(value)}" if name else _word(value))
    return " ".join(said)


def _word(value: str) -> str:
    # A word that would be read as a term stands in quotes.
    return _quoted(value) if ":" not in value else f'"{value.replace(chr(34), chr(34) * 2)}"'


def _quoted(value: str) -> str:
    plain = value and not any(sign.isspace() or sign == '"' for sign in value)
    return value if plain else f'"{value.replace(chr(34), chr(34) * 2)}"'


def values_of(line: str) -> dict[str, Sequence[str]]:
    """The values of each term of a line under its full name; the words under an empty one."""
    found: dict[str, list[str]] = {}
    for piece in pieces(line):
        term = term_called(piece.name) if piece.name else None
        name = term.name if term is not None else piece.name
        found.setdefault(name, []).append(piece.value)
    return dict(found)

"""Values and changes in words, the same on the screen and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scheduler.story import FieldStory


def value_of(value: Any, *, plain: bool = False) -> str:
    """A field's value as people read it; a dash for an empty one. `plain` has only ASCII signs."""
    match value:
        case None | "":
            return "-" if plain else "–"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def many(count: int, one: str, more: str = "") -> str:
    """So many of something: 1 rule, 12 rules. `more` is the plural where it is not made with an s."""
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"


def change_of(before: Any, after: Any, *, plain: bool = False) -> str:
    """What a field holds before and after."""
    if before == after:
        return f"{value_of(after, plain=plain)}  (as before)"
    return f"{value_of(before, plain=plain)} {'->' if plain else '→'} {value_of(after, plain=plain)}"


def how_of(field: FieldStory, *, plain: bool = False) -> str:
    """How a field came to its value, in one line."""
    trace = field.trace
    if trace is None:
        return "no field rule writes it" if field.problem else "written by the engine itself"
    parts = [f"rule {trace.rule}"]
    if trace.query_item is not None:
        parts.append(f"{trace.query_item} = {value_of(trace.source_value, plain=plain)}")
    if trace.lookup is not None:
        parts.append(f"lookup {trace.lookup} gives {value_of(trace.looked_up, plain=plain)}")
    if trace.took_default:
        parts.append(f"default {value_of(trace.default, plain=plain)}")
    if trace.match_on not in (None, "id"):
        parts.append(f"the record whose {trace.match_on} is {value_of(trace.value, plain=plain)}")
    return "; ".join(parts)

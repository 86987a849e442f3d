"""Criteria of an outbound integration point as people write them: `marketed__c=true`, `state__v=a__c|b__c`."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session

from models.data_model import ObjectModel, load_object
from models.errors import InvalidInput

ANY_OF = "|"
"""Stands between values of which a record must hold one."""


def read_criteria(session: Session, vault_id: int, object_name: str, texts: Iterable[str]) -> dict[str, Any]:
    """Criteria from texts such as `marketed__c=true`: by field the value, or a list of them, as the object keeps it.

    Nothing after the sign asks for an empty field. Fields across a reference are taken as they are written. Raises
    NotFound for an object that is not there, and InvalidInput under `criteria`.
    """
    model = load_object(session, vault_id, object_name)
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name:
            raise InvalidInput({"criteria": f"{text!r} is not written as field=value."})
        values = [_value(model, name, piece.strip()) for piece in value.split(ANY_OF)]
        found[name] = values[0] if len(values) == 1 else values
    return found


def write_criteria(criteria: Mapping[str, Any]) -> tuple[str, ...]:
    """The same criteria as texts."""
    return tuple(
        f"{name}={ANY_OF.join(map(_text, value)) if isinstance(value, list | tuple) else _text(value)}"
        for name, value in criteria.items()
    )


def _value(model: ObjectModel, name: str, text: str) -> Any:
    if text == "" or name not in model.cleaners:
        return text
    try:
        return model.cleaners[name](text)
    except ValueError as problem:
        raise InvalidInput({"criteria": f"{name}: {problem}"}) from problem


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

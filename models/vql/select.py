"""What a query asks for: the key, the field and the function of each column of its answer.

Assumed: a field within a function is answered under the field's own name, as `query_field` beside
`query_field_select` suggests (integration facts, section 2); where both are asked, the second one is answered as it is
written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.time import iso
from models.vql.errors import invalid
from models.vql.printing import print_item
from models.vql.schema import CHOICES, Attribute, AttributeType, Resolved
from models.vql.tree import Function, Operand


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of an answer: its key, and the field it holds."""

    key: str
    operand: Operand
    attribute: Attribute

    @property
    def type(self) -> AttributeType:
        """The type of the values, which is not the field's when a function was applied."""
        named = self.operand.function in (Function.TOLABEL, Function.TONAME)
        return AttributeType.TEXT if named else self.attribute.type

    def values(self, stored: list[Any]) -> list[Any]:
        """Stored values as an answer gives them: picklist values as lists, labels where they are asked."""
        attribute = self.attribute
        if self.operand.function is Function.TOLABEL and attribute.labels:
            labels = attribute.labels
            stored = [labels.get(value, value) for value in stored]
        match attribute.type:
            case AttributeType.PICKLIST:
                return [None if value is None else [value] for value in stored]
            case AttributeType.NUMBER:
                return [int(value) if isinstance(value, float) and value.is_integer() else value for value in stored]
            case AttributeType.DATETIME if not attribute.own:
                return [None if value is None else iso(value) for value in stored]
            case _:
                return stored


def check_item(operand: Operand, resolved: Resolved) -> None:
    """Refuse a function that does not go with the field. Raises VqlError."""
    attribute = resolved.attribute
    match operand.function:
        case Function.CASEINSENSITIVE:
            raise invalid(f"[CASEINSENSITIVE] is for conditions; ask for [{operand.name}] itself", operand.at)
        case Function.LONGTEXT if attribute.type is not AttributeType.TEXT:
            raise invalid(f"[LONGTEXT] takes a text; [{attribute.name}] is none", operand.at)
        case Function.TOLABEL | Function.TONAME if attribute.type not in CHOICES:
            raise invalid(
                f"[{operand.function.value}] takes a picklist or a lifecycle state; [{attribute.name}] is neither",
                operand.at,
            )


def output_columns(items: Sequence[tuple[Operand, Resolved]]) -> list[OutputColumn]:
    """The columns of an answer; an item that is asked twice is answered once. Raises VqlError."""
    columns: dict[str, OutputColumn] = {}
    for operand, resolved in items:
        check_item(operand, resolved)
        key = operand.name
        if key in columns and columns[key].operand != operand:
            key = print_item(operand)
        columns.setdefault(key, OutputColumn(key, operand, resolved.attribute))
    return list(columns.values())

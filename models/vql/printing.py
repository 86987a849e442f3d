"""Writes a syntax tree as text: what is printed and read again is the same query."""

from models.vql.tree import (
    Between,
    Comparison,
    Condition,
    Contains,
    DateLiteral,
    Days,
    Expr,
    Joiner,
    Junction,
    Like,
    Literal,
    Operand,
    Query,
    StateLiteral,
    Subselect,
    Value,
    Within,
)

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r"})


def print_query(query: Query) -> str:
    """The query on one line."""
    parts = [f"SELECT {', '.join(map(print_item, query.items))} FROM"]
    if query.versions is not None:
        parts.append(query.versions.value)
    parts.append(query.target)
    if query.where is not None:
        parts.append(f"WHERE {print_criteria(query.where)}")
    if query.order:
        sorts = (f"{sort.operand.name} {'DESC' if sort.descending else 'ASC'}" for sort in query.order)
        parts.append(f"ORDER BY {', '.join(sorts)}")
    counts = {
        "MAXROWS": query.maxrows,
        "SKIP": query.skip,
        "PAGESIZE": query.pagesize,
        "PAGEOFFSET": query.pageoffset,
    }
    parts.extend(f"{word} {count}" for word, count in counts.items() if count is not None)
    return " ".join(parts)


def print_item(item: Operand | Subselect) -> str:
    """What is asked for, as it stands between SELECT and FROM."""
    if isinstance(item, Subselect):
        return f"({print_query(item.query)})"
    return item.name if item.function is None else f"{item.function.value}({item.name})"


def print_criteria(expr: Expr) -> str:
    """Conditions as they stand after WHERE; AND binds closer than OR."""
    if not isinstance(expr, Junction):
        return _condition(expr)
    parts = (
        f"({print_criteria(part)})"
        if isinstance(part, Junction) and expr.joiner is Joiner.AND
        else print_criteria(part)
        for part in expr.parts
    )
    return f" {expr.joiner.value} ".join(parts)


def _condition(condition: Condition) -> str:
    match condition:
        case Comparison(operand, operator, value):
            return f"{print_item(operand)} {operator.value} {print_value(value)}"
        case Between(operand, low, high):
            return f"{print_item(operand)} BETWEEN {print_value(low)} AND {print_value(high)}"
        case Contains(operand, values):
            return f"{print_item(operand)} CONTAINS ({', '.join(map(print_value, values))})"
        case Like(operand, pieces):
            pattern = "%".join(_escaped(piece).replace("%", "\\%") for piece in pieces)
            return f"{print_item(operand)} LIKE '{pattern}'"
        case Within(operand, query):
            return f"{print_item(operand)} IN ({print_query(query)})"


def print_value(value: Value) -> str:
    """A value as a query writes it."""
    match value:
        case DateLiteral(days, count):
            return days.value if days is Days.TODAY else f"{days.value}:{count}"
        case StateLiteral(states, type_name):
            return f"{states.value}({_quoted(type_name) if type_name else ''})"
        case Literal(None):
            return "null"
        case Literal(bool(flag)):
            return "true" if flag else "false"
        case Literal(str(text)):
            return _quoted(text)
        case Literal(number):
            return repr(number)


def _quoted(text: str) -> str:
    return f"'{_escaped(text)}'"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)

"""What a query is refused with: the vendor's error types, and the place in the text (integration facts, section 6)."""

from enum import StrEnum

from models.errors import ConsoleError


class VqlErrorType(StrEnum):
    """The vendor's error types that a query can meet."""

    INCORRECT_QUERY_SYNTAX = "INCORRECT_QUERY_SYNTAX"
    INVALID_DATA = "INVALID_DATA"
    INSUFFICIENT_ACCESS = "INSUFFICIENT_ACCESS"


class VqlError(ConsoleError):
    """A query that cannot be answered.

    `at` is the offset of the trouble in the query's text, counted from 0; None when it has no place. `position` and
    `line` count from 1, `position` within its line; they are known once the text is (`place`).
    """

    title = "The query cannot be answered"

    def __init__(self, kind: VqlErrorType, message: str, remedy: str = "", *, at: int | None = None) -> None:
        super().__init__(message, remedy)
        self.type = kind
        self.at = at
        self.line: int | None = None
        self.position: int | None = None

    @property
    def details(self) -> dict[str, object]:
        """The type and the place, for a program."""
        return {"type": self.type.value, "line": self.line, "position": self.position}

    def place(self, text: str) -> "VqlError":
        """Work out line and position in the query's text; answers the error itself."""
        if self.at is not None:
            self.line, self.position = place_of(text, self.at)
        return self


def place_of(text: str, at: int) -> tuple[int, int]:
    """Line and position within it, both from 1, of an offset in a text."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def syntax(message: str, at: int | None, remedy: str = "") -> VqlError:
    """A query that does not follow the language."""
    return VqlError(VqlErrorType.INCORRECT_QUERY_SYNTAX, message, remedy, at=at)


def invalid(message: str, at: int | None = None, remedy: str = "") -> VqlError:
    """A query that names what is not there, or compares what cannot be compared."""
    return VqlError(VqlErrorType.INVALID_DATA, message, remedy, at=at)


def no_access(message: str, at: int | None = None, remedy: str = "") -> VqlError:
    """A query about what its user may not see."""
    return VqlError(VqlErrorType.INSUFFICIENT_ACCESS, message, remedy, at=at)

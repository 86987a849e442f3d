"""A refusal that a person can lift by saying yes."""

from __future__ import annotations

from collections.abc import Callable

from models.errors import ConsoleError

Made = Callable[[int], None]
"""Is told the key of what was made."""


def nobody(_key: int) -> None:
    """Whom nothing has to be told."""


class NeedsYes(ConsoleError):
    """The command goes on when it is called again with `confirmed`. `yes` is what the button says."""

    title = "Please confirm"

    def __init__(self, question: str, text: str, yes: str) -> None:
        super().__init__(text)
        self.question = question
        self.yes = yes

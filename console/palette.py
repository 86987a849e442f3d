"""The command palette: commands by their names, and below those by what is said about them."""

from __future__ import annotations

from textual.command import Hit, Hits
from textual.content import Content
from textual.system_commands import SystemCommandsProvider

LEAST = 0.001
"""How well a command matches that is only found by what is said about it: less than by any name."""


class CommandsByWords(SystemCommandsProvider):
    """All commands of the screen in front. Who types `clock` finds Pause, Step and Faster."""

    async def search(self, query: str) -> Hits:
        async for hit in super().search(query):
            yield hit
        matcher, words = self.matcher(query), query.casefold().split()
        for name, about, do, *_ in self.app.get_system_commands(self.screen):
            if matcher.match(name) <= 0 and all(word in about.casefold() for word in words):
                yield Hit(LEAST, Content(name), do, help=about)

"""Doing things by keys alone, as a person does them: nothing here reaches past the keyboard."""

from typing import Any

import pytest
from textual.pilot import Pilot

from console.modals.form import FormScreen
from console.widgets.detail_view import DetailView
from tests.console.lab import area, press, type_in
from tests.console.test_connection_actions import line


async def to_field(pilot: Pilot[Any], name: str) -> None:
    """Tab to a field of the form in front."""
    assert isinstance(pilot.app.screen, FormScreen)
    for _ in range(60):
        if pilot.app.focused is line(pilot.app, name).editor:
            return
        await pilot.press("tab")
    pytest.fail(f"Tab does not come to {name}")


async def write_in(pilot: Pilot[Any], **values: str) -> None:
    """Write into fields of the form in front, in place of what stands there."""
    for name, value in values.items():
        await to_field(pilot, name)
        await pilot.press("end", "ctrl+u")
        await type_in(pilot, value)


async def choose(pilot: Pilot[Any], **values: str) -> None:
    """Choose a value of a list by a part of its name, for fields of the form in front."""
    for name, words in values.items():
        await to_field(pilot, name)
        await press(pilot, "enter")
        await type_in(pilot, words)
        await press(pilot, "enter")


async def to_line(pilot: Pilot[Any], words: str) -> None:
    """Go down the details to the line that holds these words."""
    if not isinstance(pilot.app.focused, DetailView):
        await press(pilot, "tab")
    view = pilot.app.focused
    assert isinstance(view, DetailView)
    await press(pilot, "home")
    for _ in range(200):
        if view.current is not None and words in "".join(text for text, _ in view.current.spans):
            return
        await press(pilot, "down")
    pytest.fail(f"no line of the details that can be followed holds {words}")


async def answer(pilot: Pilot[Any], label: str) -> None:
    """Tab to the answer of this name in the question in front, and give it."""
    for _ in range(10):
        focused: Any = pilot.app.focused
        if str(getattr(focused, "label", "")) == label:
            await press(pilot, "enter")
            return
        await pilot.press("tab")
    pytest.fail(f"Tab does not come to {label}")


def details(app: Any) -> str:
    """What the details say, on one line."""
    return " ".join(area(app).pane.text.split())


def row(app: Any) -> Any:
    """The row under the cursor."""
    found = area(app).table.cursor_row
    assert found is not None
    return found

"""An error of the program itself: it is told with the report about it, and the session goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.app import ConsoleApp
from console.lab import OpenedLab
from console.widgets.detail_view import DetailView
from console.widgets.window_table import WindowTable
from models.store import Store
from tests.builders import ADMIN
from tests.console.lab import area, fill, press, settle


class OnATerminal(ConsoleApp):
    """A console that takes its errors as it does before a person; tests otherwise end at the first one."""

    @property
    def is_headless(self) -> bool:
        return False


def broken(*_given: Any, **_more: Any) -> Any:
    raise RuntimeError("our own mistake")


def broken_once(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose first call fails."""
    calls: list[int] = []

    def call(*given: Any, **more: Any) -> Any:
        calls.append(1)
        return broken() if len(calls) == 1 else method(*given, **more)

    return call


def opened(store: Store, folder: Path) -> ConsoleApp:
    return OnATerminal(lambda: OpenedLab(store), vault=1001, user=ADMIN, area="connections", report_folder=folder)


def told(app: Any) -> str:
    return "\n".join(note.message for note in app._notifications)


BREAKING: dict[str, tuple[str, Callable[[pytest.MonkeyPatch], None]]] = {
    "an area that cannot be loaded": ("8", lambda _patch: None),
    "an action of the app": ("v", lambda patch: patch.setattr(ConsoleApp, "do_vault", broken)),
    "an action of a screen": (
        "h",
        lambda patch: patch.setattr("console.screens.connections.ConnectionsScreen.do_stats", broken),
    ),
    "a key of a widget": ("down", lambda patch: patch.setattr(WindowTable, "action_move", broken)),
    "the details": ("2", lambda patch: patch.setattr(DetailView, "show", broken_once(DetailView.show))),
}


@pytest.mark.parametrize("name", BREAKING)
async def test_the_session_goes_on_after_an_error_of_ours(
    store: Store, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    app = opened(store, tmp_path)
    key, break_it = BREAKING[name]
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        with monkeypatch.context() as patch:
            break_it(patch)
            if name == "an area that cannot be loaded":
                patch.setitem(app._modes, "audit", broken)
            await press(pilot, key)
        assert "This is an error of the console, not yours" in told(app)
        reports = list(tmp_path.glob("report-*.txt"))
        assert reports
        assert "our own mistake" in reports[0].read_text(encoding="utf-8")
        assert str(tmp_path) in told(app)
        assert app.is_running
        await press(pilot, "2", "down", "1", "down", "up", "8")
        assert area(app).AREA == "audit"
        assert area(app).table.loaded

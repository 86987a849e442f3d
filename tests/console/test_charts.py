"""Pages of charts: drawn by the plotting widget, readable in every look, with their numbers below."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.looks import Look
from console.modals.charts import ChartsScreen
from console.widgets.charts import Chart, Panel
from console.widgets.document import Note
from console.widgets.plots import Plot
from models.store import Store
from tests.console.lab import console, fill, press, settle
from tests.console.test_stats import add_days
from tests.console.walking import picture

ROOT = Path(__file__).resolve().parents[2]


def test_the_plotting_widget_is_loaded_with_the_first_page_of_charts_and_not_before() -> None:
    code = (
        "import sys, console.app\nfrom console.routes import load_screens\nload_screens()\n"
        "print([name for name in sys.modules if 'plotext' in name])\n"
        "import console.modals.charts\nprint('textual_plotext' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[]", "True"]


@pytest.mark.parametrize("theme", list(Look))
async def test_every_theme_shows_the_same_charts_in_its_own_colours(store: Store, theme: Look) -> None:
    add_days(store, fill(store))
    app: Any = console(store, theme=theme.value)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "h")
        lines = [line for line in picture(app).splitlines() if "┤" in line]
        assert any("12┤" in line and "1,000┤" in line for line in lines)
        ground = app.screen.shown.styles.background
        strips = [strip for plot in app.screen.query(Plot) for strip in plot.render_lines(plot.size.region)]
        inks = {segment.style.color.name for strip in strips for segment in strip if "█" in segment.text}
        assert len(inks) > 1, "what failed has another colour than what was sent"
        assert ground is not None


async def test_without_colours_every_chart_is_still_there(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    add_days(store, fill(store))
    app: Any = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "h")
        drawn = picture(app)
        assert all(title in drawn for title in ("Sent", "Received", "Failures", "Retries", "Timeouts", "Fatal errors"))
        assert drawn.count("█") > 50


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_chart_goes_with_the_size_and_shows_one_beside_a_million(store: Store, size: tuple[int, int]) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        values = (1, *[0] * 22, 1_000_000)
        chart = Chart(
            (Panel("Seldom", values), Panel("Course", values, course=True)), tuple(f"{hour:02}" for hour in range(24))
        )
        app.push_screen(ChartsScreen("Made up", app.store, lambda _session: (chart, Note("That is all."))))
        await settle(pilot)
        feet = [line for line in picture(app).splitlines() if "0┤" in line and "1,000,000" not in line]
        assert sum(line.count("▄") + line.count("▐") + line.count("▌") + line.count("▗") for line in feet) > 0
        assert "1,000,000┤" in picture(app)
        assert app.screen.shown.text.splitlines()[-1] == "That is all."
        await pilot.resize_terminal(60, 20)
        await settle(pilot)
        assert "1,000,000┤" in picture(app)


async def test_the_keys_of_a_list_scroll_to_the_numbers(store: Store) -> None:
    add_days(store, fill(store))
    app: Any = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "1", "h")
        assert "7 days  " not in picture(app).split("days before")[0]
        await press(pilot, "G")
        assert "7 days  " in picture(app).split("days before")[0]
        await press(pilot, "g")
        assert "Sent  42" in picture(app)
        await press(pilot, "j", "pagedown", "k", "pageup")
        assert "Sent  42" in picture(app)

"""Colours: every text stands out, states differ for every kind of colour vision, and none are needed."""

import itertools
import math
from pathlib import Path
from typing import Any, get_args

import pytest
from textual.color import Color
from textual.theme import Theme
from textual.widgets import Button, OptionList

from console.looks import ABOUT, Look
from console.preferences import FILE, Preferences
from console.theme import Tone
from console.themes import AA, AAA, CONTRAST, LEAST, NIGHT, SAFE, THEMES
from console.widgets.paint import Paint, Row
from models.store import Store
from tests.console.lab import area, console, fill, press, settle

LEAST_OF = {Look.NIGHT: 4.5, Look.DAY: 4.5, Look.CONTRAST: 7.0, Look.SAFE: 4.5}
NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
# Vienot, Brettel and Mollon 1999: how colours look, in linear light, to who has no red or no green cones.
PROTANOPIA = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
DEUTERANOPIA = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))
XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
PLAINLY = 20
"""Colours that differ by so much (CIE 1976) are never taken for each other; 2.3 can just be noticed."""


def variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def linear(color: Color) -> list[float]:
    parts = [part / 255 for part in color.rgb]
    return [part / 12.92 if part <= 0.04045 else math.pow((part + 0.055) / 1.055, 2.4) for part in parts]


def stands_out(one: Color, other: Color) -> float:
    lights = sorted(sum(w * p for w, p in zip(XYZ[1], linear(color), strict=True)) for color in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def times(matrix: Any, vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def lab_of(color: Color, seen: Any) -> tuple[float, float, float]:
    white = (0.95047, 1.0, 1.08883)
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (max(0.0, p) / w for p, w in zip(times(XYZ, times(seen, linear(color))), white, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def painted(theme: Theme, tone: Tone, row: Row) -> tuple[Color, Color]:
    style = Paint(variables(theme)).style(tone, row)
    assert style.color is not None
    assert style.bgcolor is not None
    return Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)


def closest(theme: Theme, row: Row, seen: Any) -> float:
    colors = [lab_of(painted(theme, tone, row)[0], seen) for tone in ("ok", "warn", "bad")]
    return min(math.dist(one, other) for one, other in itertools.combinations(colors, 2))


def test_every_theme_has_a_name_a_label_and_a_least_contrast() -> None:
    assert [theme.name for theme in THEMES] == list(Look) == list(ABOUT)
    assert {theme.name: float(theme.variables[LEAST]) for theme in THEMES} == LEAST_OF
    assert (AA, AAA) == (4.5, 7.0)


@pytest.mark.parametrize("row", get_args(Row))
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_tone_stands_out_on_every_kind_of_line(theme: Theme, row: Row) -> None:
    found = {tone: stands_out(*painted(theme, tone, row)) for tone in get_args(Tone)}
    assert min(found.values()) >= LEAST_OF[Look(theme.name)], found


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_colours_of_widgets_that_are_not_painted_by_line_stand_out_too(theme: Theme) -> None:
    known = variables(theme)
    for text, ground in itertools.product(
        ("foreground", "primary", "accent", "success", "warning", "error"), ("background", "surface", "panel")
    ):
        found = stands_out(Color.parse(known[text]), Color.parse(known[ground]))
        assert found >= LEAST_OF[Look(theme.name)], (text, ground, found)
    for text in ("footer-key-foreground", "footer-description-foreground"):
        found = stands_out(Color.parse(known[text]), Color.parse(known["footer-background"]))
        assert found >= LEAST_OF[Look(theme.name)], (text, found)


@pytest.mark.parametrize("row", get_args(Row))
@pytest.mark.parametrize("seen", [NORMAL, PROTANOPIA, DEUTERANOPIA], ids=["normal", "protanopia", "deuteranopia"])
def test_well_warning_and_bad_differ_in_the_safe_theme_for_every_kind_of_colour_vision(row: Row, seen: Any) -> None:
    assert closest(SAFE, row, seen) >= PLAINLY


def test_the_usual_theme_is_why_there_is_a_safe_one() -> None:
    assert closest(NIGHT, "", DEUTERANOPIA) < PLAINLY


async def test_f9_shows_each_theme_as_one_goes_through_them_and_esc_brings_the_old_one_back(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f9")
        assert app.screen.query_one(OptionList).option_count == len(Look)
        await press(pilot, "down", "down")
        assert app.theme == CONTRAST.name
        await press(pilot, "escape")
        assert app.theme == NIGHT.name


async def test_the_theme_that_was_picked_is_there_the_next_time(store: Store, tmp_path: Path) -> None:
    fill(store)
    app = console(store, preferences=Preferences.load(tmp_path / "config"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "f9", *"blind", "enter")
        assert app.theme == SAFE.name
    assert console(store, preferences=Preferences.load(tmp_path / "config")).theme == SAFE.name
    asked_for = console(store, preferences=Preferences.load(tmp_path / "config"), theme="vault-day")
    assert asked_for.theme == "vault-day"


def test_a_settings_file_that_is_none_stands_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('["not", "settings"]')
    found = Preferences.load(tmp_path)
    assert found.theme is None
    found.keep("theme", "vault-day")
    assert Preferences.load(tmp_path).theme == "vault-day"
    (tmp_path / FILE).write_text('{"theme": "no-such-theme"}')
    assert Preferences.load(tmp_path).theme == "no-such-theme"


def test_two_consoles_that_keep_something_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, other = Preferences.load(tmp_path), Preferences.load(tmp_path)
    one.keep("theme", "vault-day")
    other.keep("told", "yes")
    assert Preferences.load(tmp_path).kept == {"theme": "vault-day", "told": "yes"}


def test_a_kept_theme_that_is_no_longer_there_gives_way_to_the_usual_one(store: Store) -> None:
    assert console(store, preferences=Preferences(kept={"theme": "no-such-theme"})).theme == NIGHT.name


async def test_without_colours_the_cursor_is_reversed_and_nothing_has_a_colour(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "down")
        table = area(app).table
        cursor, other = table.render_line(2), table.render_line(3)
        assert all(segment.style is not None and segment.style.reverse for segment in cursor)
        assert not any(segment.style is not None and segment.style.reverse for segment in other)
        assert not any(segment.style is not None and segment.style.color for segment in (*cursor, *other))
        from textual.filter import NoColor

        assert any(isinstance(each, NoColor) for each in app._filters)


async def test_without_colours_the_entry_and_the_button_in_focus_are_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "x", "down")
        options = app.screen.query_one(OptionList)
        marked = [any(part.style and part.style.underline for part in options.render_line(y)) for y in range(3)]
        assert marked == [False, True, False]
        await press(pilot, "escape", "6", "delete")
        buttons = app.screen.query(Button)
        seen = {
            button.id: any(
                part.style and (part.style.reverse or part.style.underline) for part in button.render_line(0)
            )
            for button in buttons
        }
        assert list(seen.values()) == [True, False]

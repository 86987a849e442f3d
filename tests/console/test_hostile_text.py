"""Stored text is data: it is shown as it is, never obeyed, and never breaks a line."""

import pytest
from rich.cells import cell_len

from console.widgets.paint import clean, fit, wrap
from models.permissions import Actor
from models.services.records import create_records
from models.store import Store
from tests.console.lab import area, console, fill, lines, press, settle

HOSTILE = [
    "[/foo]",
    "[@click=app.quit]x[/]",
    "[bold red]no[/bold red]",
    "\x1b[31mred\x1b[0m",
    "line\nbreak\ttab",
    "漢字かな交じり文の長い名前" * 4,
    "👩‍👩‍👧‍👦 family and 🇩🇪 flag",
    "e\u0301\u0301\u0301 combining",
    "\u202eright to left",
    "zero\u200bwidth\ufeff",
    "\ud7ff￿",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_name_is_shown_in_list_details_and_form(store: Store, name: str) -> None:
    fill(store, products=2)
    with store.write() as write:
        create_records(write, Actor.system(1001), "product__v", [{"name__v": name, "code__c": name[:20]}])
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "G")
        screen = area(app)
        assert screen.table.total == 3
        for y in range(screen.table.size.height):
            assert screen.table.render_line(y).cell_length == screen.table.size.width
        for y in range(screen.pane.size.height):
            assert screen.pane.render_line(y).cell_length == screen.pane.size.width
        assert "\x1b" not in "".join(lines(screen.table)) + screen.pane.text
        await press(pilot, "e", "escape", "x", "escape", "delete", "escape")
        assert area(app).table.total == 3


@pytest.mark.parametrize("name", ["[/foo]", "[@click=app.quit]x[/]"])
async def test_markup_in_what_is_told_stays_text(store: Store, name: str) -> None:
    fill(store, products=2)
    app = console(store, vault=1001)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.tell(name, title=name)
        await settle(pilot)
        assert app.is_running


@pytest.mark.parametrize("text", HOSTILE)
def test_cut_text_is_exactly_as_wide_as_it_should_be(text: str) -> None:
    for width in range(1, 40):
        assert cell_len(fit(clean(text), width)) == width
        assert all(cell_len(line) <= max(2, width) for line in wrap(clean(text), width))


def test_wrapping_loses_no_word() -> None:
    text = "Abbreviation must be unique, and anotherrecordthatisquitelonghasit already"
    assert "".join(wrap(text, 11)).replace(" ", "") == text.replace(" ", "")

"""Names in any script stand in their columns: every line is as wide as its screen, at the smallest size."""

import pytest
from rich.cells import cell_len
from sqlalchemy import update

from console.widgets.columns import GAP
from console.widgets.paint import clean, fit, wrap
from console.widgets.window_table import MARGIN, WindowTable
from models.store import Store
from models.tables import (
    Connection,
    ExceptionMessage,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Queue,
    Record,
    ReferenceLookup,
    ReferenceLookupKey,
    User,
    Vault,
    table_of,
)
from tests.console.lab import console, fill, fill_lookups, press, settle
from tests.console.walking import WAYS, go, picture

NAMES = {
    "chinese": "製品目錄與連線的非常長的名稱ＡＢＣ" * 2,
    "korean": "한국어 연결 이름 ①②③ ",
    "emoji": "❤️ 👩‍⚕️ 👍🏽 🇩🇪 heart and doctor ",
    "arabic": "اسم اتصال طويل جدا مع أرقام ١٢٣ ",
    "hebrew": "שָׁלוֹם חיבור ",
    "thai": "น้ำหนักสินค้าที่ยาวมาก ",
    "hindi": "उत्पाद का लंबा नाम क्षि ",
    "combining": "e\u0301\u0302\u0303\u0304 Ze\u0301lande\u00adur ",
    "unbroken": "x" * 120,
}
SMALL = (80, 24)


def rename(store: Store, name: str) -> None:
    """Call everything that has a name so."""
    with store.write() as write:
        for table, column, longest in (
            (Connection, "name", 100),
            (Integration, "name", 100),
            (IntegrationPoint, "name", 100),
            (IntegrationRule, "name", 100),
            (Queue, "label", 60),
            (Record, "name", 120),
            (ReferenceLookup, "name", 100),
            (ReferenceLookupKey, "target_key", 60),
            (ExceptionMessage, "name", 100),
            (ExceptionMessage, "error_message", 100),
            (User, "first_name", 40),
        ):
            write.execute(update(table_of(table)).values({column: name[:longest]}))
        vaults = table_of(Vault)
        write.execute(update(vaults).where(vaults.c.id == 1002).values(name=name[:60]))


def cells(line: str) -> list[str]:
    """The characters of a line by the cell in which each begins; the second cell of a wide one is empty text."""
    found: list[str] = []
    for character in line:
        width = cell_len(character)
        if width:
            found += [character, *[""] * (width - 1)]
    return found


def gaps(table: WindowTable) -> list[int]:
    """The cells that are blank between the columns of a list."""
    places: list[int] = []
    left = MARGIN
    for placed in table._placed[:-1]:
        left += placed.width
        places += range(left, left + GAP)
        left += GAP
    return places


@pytest.mark.parametrize("script", ["chinese", "emoji", "arabic", "combining"])
async def test_lists_and_panes_keep_their_columns_at_80_cells(store: Store, script: str) -> None:
    fill(store, products=3)
    fill_lookups(store)
    rename(store, NAMES[script])
    app = console(store, vault=1002)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for name in WAYS:
            if name == "query":
                continue
            screen = await go(pilot, name)
            assert [cell_len(line) for line in picture(app).splitlines()] == [80] * 24, name
            for table in screen.query(WindowTable):
                for y in range(min(table.total, table.size.height - 1) + 1):
                    line = cells(table.render_line(y).text)
                    assert len(line) == table.size.width, name
                    assert {line[place] for place in gaps(table)} <= {" "}, (name, "".join(line))


async def test_pages_dialogs_and_forms_keep_their_frames(store: Store) -> None:
    fill(store, products=3)
    rename(store, NAMES["chinese"])
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        for keys in (("0",), ("1", "D"), ("1", "e"), ("1", "delete"), ("v",), ("u",), ("x",), ("6", "E"), ("2", "n")):
            await press(pilot, *keys)
            assert [cell_len(line) for line in picture(app).splitlines()] == [80] * 24, keys
            while len(app.screen_stack) > 1:
                app.pop_screen()
            await settle(pilot)


@pytest.mark.parametrize("name", NAMES.values())
@pytest.mark.parametrize("width", [1, 2, 7, 20, 33])
def test_a_name_is_cut_and_broken_at_whole_characters(name: str, width: int) -> None:
    text = clean(name)
    assert cell_len(fit(text, width)) == width
    assert cell_len(text) == sum(map(cell_len, text))
    assert all(cell_len(line) <= max(2, width) for line in wrap(text, width))
    assert "".join(wrap(text, width)).replace(" ", "") == text.replace(" ", "")

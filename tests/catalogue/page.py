"""Writes the page of the standard connections: what is documented of each, what is assumed, and which test proves it.

Run as `python -m tests.catalogue.page`; a test holds the page to it.
"""

from collections.abc import Iterator
from pathlib import Path

from seed.catalogue.load import Catalogue, catalogue
from seed.catalogue.schema import Kind, StandardConnection, Transfer
from seed.catalogue.standing import applications_of, dependencies_of
from seed.catalogue.stories import stories_of

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
TRANSFERS = "catalogue/test_transfers.py::test_what_is_made_arrives_and_follows"
INTRODUCTION = """\
# The standard connections

The catalogue of the product, connection by connection. Its files are below `seed/catalogue/`, and this page is written
from them (`python -m tests.catalogue.page`). Of each transfer it says how well it is known, what is documented, what
the product assumes where nothing is published, and the test that proves it; tests are named below `tests/`.

- *documented*: the vendor's help or a seed document says so; *legacy*: only an older copy of it does; *derived*: it
  follows from these; *assumed*: the product's own choice.
- API names that begin with `sim_` and labels with “(simulated)” stand in for names that are not published. No name in a
  namespace of the vendor is invented.
- A transfer's test makes the source record, runs the jobs, finds the target with the mapped fields and the Link,
  changes it, and deletes or inactivates the source where the story tells of that. Where “and its gates” is added,
  closed gates hold it back (`test_a_closed_gate_holds_it_back`, same id).
"""


def page(files: Catalogue) -> str:
    """The page as Markdown."""
    return "\n".join(
        [INTRODUCTION, *_overview(files), *(line for one in files.connections.values() for line in _one(files, one))]
    )


def _overview(files: Catalogue) -> Iterator[str]:
    total = sum(len(one.transfers) for one in files.connections.values())
    yield f"{len(files.connections)} connections, {total} transfers."
    yield ""
    yield "| Connection | Between | Integrations | Transfers | Documented whole or in part | Derived or assumed |"
    yield "|---|---|---|---|---|---|"
    for one in files.connections.values():
        known = sum(transfer.evidence in ("documented", "legacy") for transfer in one.transfers)
        between = " and ".join(files.vaults[side.vault].name for side in one.sides)
        yield _row(
            f"[{one.name}](#{_anchor(one.name)})",
            between,
            len(one.features),
            len(one.transfers),
            known,
            len(one.transfers) - known,
        )
    yield ""


def _anchor(name: str) -> str:
    return "".join(letter for letter in name.lower().replace(" ", "-") if letter.isalnum() or letter == "-")


def _one(files: Catalogue, one: StandardConnection) -> Iterator[str]:
    yield f"## {one.name}"
    yield ""
    yield one.about
    yield ""
    for side in one.sides:
        yield f"- In {files.vaults[side.vault].name}: *{side.name}*, `{side.api_name}`"
    if one.several:
        yield f"- {one.several}"
    yield ""
    yield "| Integration | Required applications | Dependencies | Known |"
    yield "|---|---|---|---|"
    for feature in one.features:
        yield _row(feature.name, applications_of(files, feature), dependencies_of(one, feature), feature.evidence)
    yield ""
    yield "| Transfer | Known | Documented | Assumed | Proved by |"
    yield "|---|---|---|---|---|"
    gated = {key for key, story in stories_of(one.key).items() if story.closed}
    for transfer in one.transfers:
        way = f"{files.vaults[transfer.source].name} to {files.vaults[transfer.target].name}"
        proof = _proof(one, transfer) + (" and its gates" if transfer.key in gated else "")
        yield _row(f"{transfer.name} ({way})", transfer.evidence, transfer.documented, transfer.assumed, proof)
    yield ""
    if one.notes:
        yield "| To know | Known | Proved by |"
        yield "|---|---|---|"
        for note in one.notes:
            yield _row(note.text, note.evidence, f"`{note.proof}`" if note.proof else "")
        yield ""
    if one.unknown:
        yield f"Not published: {', '.join(one.unknown)}."
        yield ""


def _proof(one: StandardConnection, transfer: Transfer) -> str:
    if transfer.kind is Kind.LOOKUP:
        return next((f"`{note.proof}`" for note in one.notes if note.proof), "")
    return f"`{TRANSFERS}[{one.key}-{transfer.key}]`"


def _row(*cells: object) -> str:
    return "| " + " | ".join(("" if cell is None else str(cell)).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(catalogue()), encoding="utf-8")

"""The catalogue's files: complete, true to each other, and free of invented names of the vendor."""

import re
from pathlib import Path

from seed.catalogue.checks import check_catalogue
from seed.catalogue.load import catalogue
from tests.catalogue.page import PAGE, page

TESTS = Path(__file__).parents[1]
PROOF = re.compile(r"`([a-z_]+/test_[a-z_]+\.py)::(test_[a-z0-9_]+)")


def test_the_files_of_the_catalogue_say_nothing_that_does_not_exist() -> None:
    check_catalogue(catalogue())


def test_the_page_of_the_standard_connections_is_written_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(catalogue()), "write it anew: python -m tests.catalogue.page"


def test_every_test_that_the_page_names_exists() -> None:
    named = set(PROOF.findall(page(catalogue())))
    assert named
    missing = [
        f"{file}::{name}"
        for file, name in sorted(named)
        if not re.search(rf"^(?:async )?def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []

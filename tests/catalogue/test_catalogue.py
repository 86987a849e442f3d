"""The catalogue's files: complete, true to each other, and free of invented names of the vendor."""

from seed.catalogue.checks import check_catalogue
from seed.catalogue.load import catalogue


def test_the_files_of_the_catalogue_say_nothing_that_does_not_exist() -> None:
    check_catalogue(catalogue())

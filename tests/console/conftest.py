"""What all tests of the console share."""

from tests.console.calm import calmly

__all__ = ["calmly"]

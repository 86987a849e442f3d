"""What all tests of the console share."""

from tests.console.calm import calmly, nothing_ahead

__all__ = ["calmly", "nothing_ahead"]

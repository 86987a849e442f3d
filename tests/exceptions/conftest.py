"""A lab with one pair of Vaults, in which something goes wrong."""

from tests.stages.conftest import lab

__all__ = ["lab"]

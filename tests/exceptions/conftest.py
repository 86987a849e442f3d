"""A lab with one pair of Vaults, in which something goes wrong."""

from tests.stages.conftest import lab, lab_template

__all__ = ["lab", "lab_template"]

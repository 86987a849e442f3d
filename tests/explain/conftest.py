"""The lab of the stages: two Vaults whose Products go over."""

from tests.stages.conftest import lab, lab_template

__all__ = ["lab", "lab_template"]

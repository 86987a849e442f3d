"""The lab of the stages: two Vaults whose Products go over."""

from tests.stages.conftest import lab

__all__ = ["lab"]

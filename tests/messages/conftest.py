"""The lab of the stages: two Vaults whose Products go over."""

from tests.console.calm import nothing_ahead
from tests.stages.conftest import lab

__all__ = ["lab", "nothing_ahead"]

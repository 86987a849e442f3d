"""The demo: eight Vaults of one domain and a sandbox, with some weeks of history, ready for the first send."""

from collections.abc import Callable
from pathlib import Path

from models.store import Store, WriteSession
from seed.building import Issue, Progress, build_scenario
from seed.checks import check_scenario
from seed.load import SCENARIOS, read_scenario
from seed.schema import Scenario

DEMO = SCENARIOS / "demo"


def build_demo(
    store: Store,
    *,
    issue: Issue,
    seed: int = 7,
    progress: Progress | None = None,
    folder: Path = DEMO,
    shape: Callable[[Scenario], Scenario] | None = None,
    finish: Callable[[WriteSession], None] | None = None,
) -> None:
    """Build the demo in an empty store, all of it or nothing. `shape` changes the plan, `finish` what was built.

    See `build_scenario` for when, and what it raises; ScenarioError when the scenario's files are wrong.
    """
    if progress is not None:
        progress("Reading the scenario", 0.0)
    scenario = check_scenario(*read_scenario(folder))
    if shape is not None:
        scenario = shape(scenario)
    build_scenario(store, scenario, issue=issue, seed=seed, progress=progress, finish=finish)

"""What lists of reference lookups and of their keys share: loading and exporting CSV mapping files (seed S3)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions import Action
from console.doing import lookups as doing
from console.forms import lookups as forms
from console.modals.file_chooser import FileChooser
from console.modals.load_report import Load, LoadReportScreen
from console.permissions import MANAGE_CONNECTIONS
from console.screens.later import AskingScreen
from models.feed import Topic

if TYPE_CHECKING:
    from console.doing.lookups import Preview
    from models.queries.lookups import LookupRow

SUFFIX = ".csv"
TOPICS = frozenset({Topic.CONNECTIONS, Topic.RULES, Topic.JOBS})
"""What changes lookups, and what is counted with them: each receive run counts uses and misses."""


def managing(name: str, key: str, label: str, tooltip: str, *, shown: bool = True) -> Action:
    """An action that needs Manage Connections."""
    return Action(name, key, label, tooltip, shown=shown, permission=MANAGE_CONNECTIONS)


class MappingFiles(AskingScreen):
    """A list about lookups that takes and gives mapping files."""

    @property
    def lookup(self) -> LookupRow | None:
        """The lookup that files are loaded into."""
        raise NotImplementedError

    def do_load(self) -> None:
        lookup = self.lookup
        if lookup is None:
            return
        from console.doing.files import first_folder

        def chosen(path: Path | None) -> None:
            store = self.home.store
            if path is not None and store is not None:
                job = partial(doing.preview, store, self.home.session.who, lookup.key, path)
                self.work_then(job, partial(self._previewed, lookup))

        self.home.push_screen(FileChooser(f"Load into {lookup.name}", first_folder(), SUFFIX), chosen)

    def _previewed(self, lookup: LookupRow, preview: Preview) -> None:
        def answered(load: Load | None) -> None:
            if load is not None:
                command = partial(
                    doing.load,
                    lookup_id=lookup.key,
                    data=preview.data,
                    path=preview.path,
                    mode=load.mode,
                    all_or_nothing=load.all_or_nothing,
                )
                self.home.perform(command)

        self.home.push_screen(LoadReportScreen(lookup.name, preview), answered)

    def do_export(self) -> None:
        if (lookup := self.lookup) is not None:
            from console.doing.files import first_folder

            self.fill_in(forms.export_form(lookup, str(first_folder() / f"{lookup.api_name}{SUFFIX}")))

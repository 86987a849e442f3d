"""Integration rules as files of MDL text: exporting them, and importing with the difference shown first."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.doing import rules as doing
from console.forms import rules as forms
from console.modals.dialog import Answer, Dialog
from console.modals.file_chooser import FileChooser
from console.screens.later import AskingScreen

if TYPE_CHECKING:
    from console.doing.rules import MdlPreview

SUFFIX = ".mdl"


class MdlFiles(AskingScreen):
    """A screen that gives and takes rules as MDL text."""

    def export_rules(self, what: str, file_name: str, narrowed: Mapping[str, int]) -> None:
        """Ask where to save rules; `narrowed` says which, `what` how people call them."""
        from console.doing.files import first_folder

        self.fill_in(forms.export_form(what, narrowed, str(first_folder() / f"{file_name}{SUFFIX}")))

    def do_import(self) -> None:
        """Choose a file, show what it would change, and import it when that is wanted."""
        from console.doing.files import first_folder

        def chosen(path: Path | None) -> None:
            store = self.home.store
            if path is not None and store is not None:
                job = partial(doing.preview_import, store, self.home.session.who, path)
                self.work_then(job, self._previewed)

        self.home.push_screen(FileChooser("Import rules from MDL", first_folder(), SUFFIX), chosen)

    def _previewed(self, preview: MdlPreview) -> None:
        if not preview.changes:
            self.home.push_screen(Dialog("Nothing differs", [f"The Vault's rules are what {preview.path} says."]))
            return

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.import_text, text=preview.text, path=preview.path))

        title = f"Importing {preview.path.name} will"
        self.home.push_screen(Dialog(title, preview.lines, [Answer("go", "Import", "primary")]), answered)

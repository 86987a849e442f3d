"""The forms of reference lookups and their keys (integration facts, section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import lookups as doing
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from console.doing.lookups import TargetChoice
    from models.queries.lookups import LookupRow
    from models.queries.records import FormField

TYPES: Final = (
    ("generic", "Generic", "For single-value picklists, or for types that do not match"),
    ("object", "Object", "Target keys are values of a field of a target object"),
)
_MADE: Final = "made from the name"
_HELPS: Final = {
    "name": "The name by which people know this lookup.",
    "api_name": "Lowercase letters, digits and underscores (_) between them. The name of a Generic lookup ends in __c.",
    "target_object": "The object of this Vault whose records the target keys name.",
    "target_key_field": "The field of the target object that the target keys are values of.",
    "source_key": "The value as the query to the source Vault answers it. Every sign counts, capitals and blanks too.",
    "target_key": "What the target field receives in this Vault.",
    "path": "A path on this machine. ~ is your home folder.",
}


def lookup_form(
    connection_id: int,
    connection: str,
    kind: str,
    row: LookupRow | None,
    targets: Sequence[TargetChoice],
    made: doing.Made,
) -> Form:
    """The form of a lookup of a type, or of one as it stands. Its type is not in it: it never changes."""
    fields = [
        form_field("name", "Name", row.name if row else "", required=True),
        form_field("api_name", "API Name", row.api_name if row else "", required=row is not None, hint=_MADE),
    ]
    if kind == "object":
        fields += _target_fields(row, targets)
    label = next(label for key, label, _ in TYPES if key == kind)
    if row is None:
        save = partial(doing.create, connection_id=connection_id, kind=kind, made=made)
        return Form(f"New {label} lookup of {connection}", fields, save, is_new=True, helps=_HELPS)
    return Form(f"Edit {row.name}", fields, partial(doing.edit, lookup_id=row.key), helps=_HELPS)


def _target_fields(row: LookupRow | None, targets: Sequence[TargetChoice]) -> list[FormField]:
    objects = [(target.name, f"{target.label} ({target.name})") for target in targets]
    # One list for all objects: the service says when a field is not one of the chosen object.
    names: dict[str, str] = {}
    for target in targets:
        for name, label in target.fields:
            names.setdefault(name, f"{label} ({name})")
    return [
        form_field(
            "target_object",
            "Target Object",
            (row.target_object if row else None) or "",
            type="picklist",
            required=True,
            choices=objects,
        ),
        form_field(
            "target_key_field",
            "Target Key Field",
            (row.target_key_field if row else None) or "",
            type="picklist",
            required=True,
            choices=sorted(names.items(), key=lambda item: item[1]),
        ),
    ]


def key_form(
    lookup_id: int, lookup: str, source_key: str = "", target_key: str = "", *, is_new: bool, made: doing.Made
) -> Form:
    """The form of a key pair; a new one may have its source key already, as a missing key has."""
    fields = [
        form_field("source_key", "Source Key", source_key, required=True),
        form_field("target_key", "Target Key", target_key, required=True),
    ]
    if is_new and source_key:
        # What is known stands first, what is asked for has the focus.
        fields.reverse()
    save = partial(doing.save_key, lookup_id=lookup_id, old=None if is_new else source_key, made=made)
    title = f"New key of {lookup}" if is_new else f"Key of {lookup}"
    return Form(title, fields, save, is_new=is_new, helps=_HELPS)


def export_form(row: LookupRow, path: str) -> Form:
    """Where to save the mapping file of a lookup."""
    fields = (form_field("path", "Save as", path, required=True),)
    about = f"{row.keys:,} keys as a CSV mapping file, which can be changed and loaded again."
    save = partial(doing.export, lookup_id=row.key)
    return Form(f"Export {row.name}", fields, save, is_new=True, about=about, helps=_HELPS, saves="Export")

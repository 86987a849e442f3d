"""API names: what a custom component may be called (Spark facts, sections 1 and 4; seed S1).

Lower-case letters, digits and single underscores between them, at most 40 characters before `__c`. Standard names are
the vendor's own and exempt: some hold a hyphen (`cdms_clin-ops_connection__v`).
"""

import re
import unicodedata

CUSTOM_SUFFIX = "__c"
LONGEST_CUSTOM_NAME = 40
"""Characters of a custom name before its suffix."""
LONGEST_NAME = 60
"""Characters of any API name, suffix included."""

_CUSTOM = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_STANDARD = re.compile(r"[a-z0-9]+(?:(?:__|_|-)[a-z0-9]+)*")
_GAP = re.compile(r"[^a-z0-9]+")


def api_name_problem(name: str, *, standard: bool = False) -> str | None:
    """What is wrong with an API name and how to put it right, in one or two sentences; None for a good one."""
    if not name:
        return "An API name is needed."
    if standard:
        return _standard_problem(name)
    base, mark, suffix = name.partition("__")
    if mark and _CUSTOM.fullmatch(suffix) and suffix != "c":
        return f"Names that end in __{suffix} belong to standard components. End the name in __c or without a suffix."
    base = name.removesuffix(CUSTOM_SUFFIX)
    if not _CUSTOM.fullmatch(base):
        proposal = name_from_label(base)
        hint = f" For example: {proposal}{name[len(base) :]}." if proposal else ""
        return f"Only lower-case letters, digits and single underscores between them are allowed.{hint}"
    if len(base) > LONGEST_CUSTOM_NAME:
        return f"{len(base)} characters are too many: at most {LONGEST_CUSTOM_NAME} fit before {CUSTOM_SUFFIX}."
    return None


def custom_name(name: str) -> str:
    """The name of a custom component with its suffix `__c`, which is added where it is missing."""
    return name if "__" in name or not name else name + CUSTOM_SUFFIX


def name_from_label(label: str) -> str:
    """The API name, without suffix, that a label suggests; empty when the label has no letter or digit to use."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return _GAP.sub("_", plain).strip("_")[:LONGEST_CUSTOM_NAME].rstrip("_")


def _standard_problem(name: str) -> str | None:
    if len(name) > LONGEST_NAME:
        return f"{len(name)} characters are too many: at most {LONGEST_NAME} fit."
    if not _STANDARD.fullmatch(name):
        return "Only lower-case letters, digits, and underscores or hyphens between them are allowed."
    return None

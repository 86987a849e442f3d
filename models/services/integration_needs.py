"""What an integration needs before it can be used: other integrations, applications, local features (seed S0)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.services.checks import Checks

ALTERNATIVE = "|"
"""Between names of which any one is enough: `CTMS|eTMF|Study Startup`."""
LONGEST_NEED = 200
"""Characters of one entry, alternatives included."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What an integration needs; the fields are those of `models.tables.Integration`.

    `depends_on` and `supersedes` are API names of integrations of the same connection. The others are applications
    and local features that its own Vault, and the partner Vault (`remote_`), must have; of alternatives one is enough.
    """

    depends_on: Sequence[str] = ()
    supersedes: Sequence[str] = ()
    required_applications: Sequence[str] = ()
    required_features: Sequence[str] = ()
    remote_applications: Sequence[str] = ()
    remote_features: Sequence[str] = ()


NO_NEEDS = Needs()


def checked_needs(checks: Checks, needs: Needs) -> Needs:
    """The needs as they are kept: lists of names without blanks around them, each once; problems go to `checks`."""
    return Needs(
        depends_on=_api_names(checks, "depends_on", needs.depends_on),
        supersedes=_api_names(checks, "supersedes", needs.supersedes),
        required_applications=_needs(checks, "required_applications", needs.required_applications),
        required_features=_needs(checks, "required_features", needs.required_features),
        remote_applications=_needs(checks, "remote_applications", needs.remote_applications),
        remote_features=_needs(checks, "remote_features", needs.remote_features),
    )


def alternatives(need: str) -> list[str]:
    """The names of which any one is enough."""
    return [name.strip() for name in need.split(ALTERNATIVE) if name.strip()]


def has_any(need: str, names: Sequence[str]) -> bool:
    """Whether one of a need's alternatives is among the names of what a Vault has, whatever its capitals."""
    known = {name.casefold() for name in names}
    return any(name.casefold() in known for name in alternatives(need))


def names_of(checks: Checks, field: str, names: Sequence[str]) -> list[str]:
    """Names of what a Vault has as they are kept: each once, whatever its capitals; problems go to `checks`."""
    for name in names:
        checks.refuse(field, f"A name holds no {ALTERNATIVE}.", when=ALTERNATIVE in name)
    return _each_once([checks.text(field, name, LONGEST_NEED, required=True) for name in names])


def _needs(checks: Checks, field: str, needs: Sequence[str]) -> list[str]:
    return _each_once(
        ALTERNATIVE.join(alternatives(checks.text(field, need, LONGEST_NEED, required=True))) for need in needs
    )


def _each_once(names: Iterable[str]) -> list[str]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(name.casefold(), name)
    return list(kept.values())


def _api_names(checks: Checks, field: str, names: Sequence[str]) -> list[str]:
    for name in names:
        checks.api_name(field, name, standard=True)
    return list(dict.fromkeys(names))

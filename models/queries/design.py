"""What an integration is made of, as one list: points, what they watch, rules, and what is in the rules."""

from dataclasses import dataclass, field
from typing import Literal

from sqlmodel import Session

from models.queries.integrations import IntegrationDetail, PointLine, RuleLine, SourceLine, detail
from models.queries.rules import FieldRuleLine, QueryObjectRuleLine
from models.queries.window import Anchor, Key, Paged, neighbour_of_few
from models.services.integration_editing import point_delete_problem
from models.services.rule_parts import rule_place
from models.services.rules import delete_problem
from models.tables import IntegrationPoint

Kind = Literal["point", "source", "rule", "query", "field"]
Part = PointLine | SourceLine | RuleLine | QueryObjectRuleLine | FieldRuleLine


@dataclass(frozen=True, slots=True)
class DesignRow:
    """One part of an integration. `key` is its kind and id; `level` how deep it stands; `parts` what is above it.

    `reasons` says why an action (edit, toggle, delete) cannot be done with it.
    """

    key: str
    kind: Kind
    id: int
    level: int
    name: str
    api_name: str
    about: str
    part: Part
    active: bool | None = None
    direction: str = ""
    point_id: int = 0
    rule_id: int = 0
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Design:
    """An integration with all its parts in order."""

    integration: IntegrationDetail
    rows: tuple[DesignRow, ...]


def design(session: Session, vault_id: int, integration_id: int) -> Design | None:
    """Read an integration of a Vault with its parts; None when it is gone."""
    found = detail(session, vault_id, integration_id)
    if found is None:
        return None
    rows: list[DesignRow] = []
    for point in found.points:
        rows += _point_rows(session, vault_id, point)
    return Design(found, tuple(rows))


@dataclass(frozen=True)
class DesignListing:
    """The parts of an integration as a list that a window looks at; there are a few hundred at most.

    It answers what a `Listing` does. `text` narrows it to parts that hold every word.
    """

    vault_id: int
    integration_id: int
    text: str = ""

    def rows(self, session: Session) -> list[DesignRow]:
        """The parts in order."""
        found = design(session, self.vault_id, self.integration_id)
        words = self.text.casefold().split()
        rows = found.rows if found is not None else ()
        return [
            row for row in rows if all(word in f"{row.name} {row.api_name} {row.about}".casefold() for word in words)
        ]

    def count(self, session: Session) -> int:
        """How many parts there are."""
        return len(self.rows(session))

    def page(
        self,
        session: Session,
        offset: int,
        limit: int,
        total: int,
        anchor: Anchor | None = None,
    ) -> list[DesignRow]:
        """The parts from `offset` on, at most `limit`."""
        del total, anchor
        return self.rows(session)[offset : offset + limit]

    def neighbour(self, session: Session, whole: Paged, key: Key | None, *, backwards: bool) -> Key | None:
        """The part that follows another one of the whole list, or goes before it."""
        return neighbour_of_few(session, whole, self, key, backwards=backwards)

    def position(self, session: Session, key: Key) -> int | None:
        """Where the part with this key stands; None when it is not in the list."""
        return next((place for place, row in enumerate(self.rows(session)) if row.key == key), None)


def _point_rows(session: Session, vault_id: int, point: PointLine) -> list[DesignRow]:
    reason = point_delete_problem(session.get_one(IntegrationPoint, point.key))
    about = "inbound" if point.direction == "inbound" else "outbound"
    rows = [
        DesignRow(
            f"point:{point.key}",
            "point",
            point.key,
            0,
            point.name,
            point.api_name,
            about,
            point,
            direction=point.direction,
            point_id=point.key,
            reasons=_reasons(toggle="A point is on with its integration.", delete=reason),
        )
    ]
    rows += [_source_row(point, source) for source in point.sources]
    for rule in point.rules:
        rows += _rule_rows(session, vault_id, point, rule)
    return rows


def _source_row(point: PointLine, source: SourceLine) -> DesignRow:
    only = ", ".join(source.only_where)
    return DesignRow(
        f"source:{source.key}",
        "source",
        source.key,
        1,
        source.object_label,
        source.object_name,
        f"to {source.remote_point}" + (f" where {only}" if only else ""),
        source,
        direction=point.direction,
        point_id=point.key,
        reasons=_reasons(toggle="What a point watches is on with its integration."),
    )


def _rule_rows(session: Session, vault_id: int, point: PointLine, rule: RuleLine) -> list[DesignRow]:
    place = rule_place(session, vault_id, rule.key)
    head = DesignRow(
        f"rule:{rule.key}",
        "rule",
        rule.key,
        1,
        rule.name,
        rule.api_name,
        f"reads {rule.primary_query_object}" if rule.primary_query_object else "no primary query object",
        rule,
        rule.active,
        point.direction,
        point.key,
        rule.key,
        _reasons(toggle=place.activation_lock, delete=delete_problem(place)),
    )
    return [
        head,
        *(
            DesignRow(
                f"query:{query.key}",
                "query",
                query.key,
                2,
                query.label or query.query_object,
                query.api_name,
                query.filter_clause or "every record",
                query,
                query.active,
                point.direction,
                point.key,
                rule.key,
            )
            for query in rule.query_object_rules
        ),
        *(
            DesignRow(
                f"field:{line.key}",
                "field",
                line.key,
                2,
                line.label or line.target,
                line.api_name,
                line.source,
                line,
                line.active,
                point.direction,
                point.key,
                rule.key,
                _reasons(delete=place.default_lock if line.default_value else None),
            )
            for line in rule.field_rules
        ),
    ]


def _reasons(**reasons: str | None) -> dict[str, str]:
    return {name: reason for name, reason in reasons.items() if reason}

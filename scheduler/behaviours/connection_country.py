"""The Country Filter of a Vault CRM becomes Connection Countries: which countries' content this CRM gets (seed S2).

A Connection Settings record names a feature and several countries. For each Country of this Vault whose own Country
picklist (`country_cda__v`) holds one of them there is a Connection Country; the Global Country lists all of them, so it
is among them always.

Assumed: the names of objects and fields; a Connection Country is kept per connection and feature; one that is no longer
selected becomes inactive, and active again when it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from models.callback import SourceRow
from models.data_model import ObjectModel, load_object, named
from models.record_writer import Draft, Existing, existing_from_row, write_records
from models.sets import one_of
from models.store import WriteSession
from models.tables import Connection, Record, RecordStatus, table_of
from scheduler.behaviour import Behaviour, Dependents, Receiving

_records = table_of(Record)
_connections = table_of(Connection)

OBJECT = "sim_connection_country__c"
CONNECTION, FEATURE, FILTER, COUNTRY = (
    "sim_connection__c",
    "sim_feature__c",
    "sim_country_filter__c",
    "country__v",
)
LISTED = "country_cda__v"


class ConnectionCountry(Behaviour):
    """Makes of one Connection Settings record as many Connection Countries as there are countries to it."""

    about = "There is a Connection Country for each Country that the Country Filter selects, Global included."

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """The settings themselves become no record."""
        for _, draft in receiving.pairs:
            if not draft.problems:
                draft.skip("Connection Countries are made for the countries that it selects.")

    def after(self, write: WriteSession, receiving: Receiving) -> Iterable[Dependents]:
        """Bring the Connection Countries in line with the settings."""
        model, vault_id = receiving.target.model, receiving.route.vault_id
        connection = write.execute(
            select(_connections.c.api_name).where(_connections.c.id == receiving.route.connection_id)
        ).scalar_one()
        countries = _countries(write, vault_id)
        present = _present(write, model, [row.global_id for row, _ in receiving.pairs])
        drafted: list[tuple[SourceRow, Draft]] = []
        for row, settings in receiving.pairs:
            if settings.problems:
                continue
            wanted = set(named(settings.values.get(FILTER))) if row.status is RecordStatus.ACTIVE else set()
            held = {one.values.get(COUNTRY): one for one in present.get(row.global_id, ())}
            for country, (name, listed) in countries.items():
                if wanted & listed:
                    feature = settings.values.get(FEATURE)
                    values: dict[str, Any] = {
                        "name__v": f"{feature}: {name}",
                        CONNECTION: connection,
                        FEATURE: feature,
                        COUNTRY: country,
                        "link__sys": row.global_id,
                        "status__v": RecordStatus.ACTIVE,
                    }
                    drafted.append((row, Draft(values, held.get(country))))
                elif country in held:
                    drafted.append((row, Draft({"status__v": RecordStatus.INACTIVE}, held[country])))
        write_records(write, model, [draft for _, draft in drafted], receiving.route.writes_as)
        return [(model, drafted)]


def _countries(write: WriteSession, vault_id: int) -> Mapping[str, tuple[str, set[str]]]:
    """The Countries of a Vault by record id: name, and the values of its Country picklist."""
    model = load_object(write, vault_id, COUNTRY)
    rows = write.execute(
        select(_records.c.record_id, _records.c.name, _records.c.data[LISTED].as_string().label("listed"))
        .where(_records.c.object_id == model.id)
        .order_by(_records.c.id)
    )
    return {row.record_id: (row.name, set(named(row.listed))) for row in rows}


def _present(write: WriteSession, model: ObjectModel, links: Sequence[str]) -> dict[str, list[Existing]]:
    found: dict[str, list[Existing]] = {}
    statement = select(_records).where(_records.c.object_id == model.id, one_of(_records.c.link, links))
    for row in write.execute(statement.order_by(_records.c.id)):
        found.setdefault(row.link, []).append(existing_from_row(row))
    return found


BEHAVIOUR = ConnectionCountry()

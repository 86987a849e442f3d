"""Records from a Vault CRM tell from which one they are: CRM Org, and CRM ID, their id there (seed S2).

So several Vault CRMs can have records of the same name, and each finds its own again. Assumed: CRM Org is the name of
the Vault CRM. A value that a rule fills stays.
"""

from sqlalchemy import select

from models.store import WriteSession
from models.tables import Vault, table_of
from scheduler.behaviour import Behaviour, Receiving
from scheduler.matching import CRM_ID, CRM_ORG, field_called

_vaults = table_of(Vault)


class CrmOrg(Behaviour):
    """Fills the two fields before target records are looked for by them."""

    about = "CRM Org and CRM ID tell from which Vault CRM a record is."

    def drafted(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill CRM Org and CRM ID, where the target object has them."""
        org, crm_id = (field_called(receiving.target.model, name) for name in (CRM_ORG, CRM_ID))
        if org is None or crm_id is None:
            return
        source = receiving.route.source.vault_id
        name = write.execute(select(_vaults.c.name).where(_vaults.c.id == source)).scalar_one()
        for row, draft in receiving.pairs:
            draft.values.setdefault(org, name)
            draft.values.setdefault(crm_id, row.record_id)


BEHAVIOUR = CrmOrg()

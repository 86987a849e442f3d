"""Product records in Vault CRM keep where they came from: Source Vault ID and Original Source ID (PromoMats-CRM)."""

from models.store import WriteSession
from scheduler.behaviour import Behaviour, Receiving

VAULT_ID, ORIGINAL_ID = "source_vault_id__v", "original_source_id__v"


class SourceProvenance(Behaviour):
    """Fills both fields, where the target object has them."""

    about = "Source Vault ID and Original Source ID tell from which record of which Vault a record was made."

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill the id of the source Vault and of the source record there."""
        fields = receiving.target.model.fields
        for row, draft in receiving.pairs:
            if VAULT_ID in fields:
                draft.values[VAULT_ID] = str(receiving.route.source.vault_id)
            if ORIGINAL_ID in fields:
                draft.values[ORIGINAL_ID] = row.record_id


BEHAVIOUR = SourceProvenance()

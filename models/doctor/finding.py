"""What the doctor finds: kinds of trouble, each with its cause, where it is, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Severity = Literal["stops", "warns"]
"""Whether records stop moving because of it, or only may before long."""


class FindingKind(StrEnum):
    """What can be wrong with a connection, in the words of its headline."""

    NOT_ESTABLISHED = "The connection was never established"
    WAITS_FOR_APPROVAL = "An approval is waited for"
    FILE_NO_LONGER_GOOD = "The connection file can no longer be used"
    NOT_ACTIVE = "The connection is not active"
    PARTNER_GONE = "The partner is gone"
    PARTNER_NOT_ACTIVE = "The partner is not active for this Vault"
    REMOTE_DETAILS_OLD = "The Remote Vault Details are out of date"
    OTHER_DOMAIN = "The Vaults are of different domains"
    NO_USER = "No Authorized Connection User"
    USER_INACTIVE = "The Authorized Connection User is inactive"
    USER_LACKS_PERMISSION = "The Authorized Connection User lacks a permission"
    NO_URL = "The External connection has no URL"
    NO_INTEGRATION = "The connection has no integration"
    INTEGRATION_OFF = "No integration is active"
    OFF_ON_ONE_SIDE = "An integration is active on one side only"
    DEPENDENCY_OFF = "An integration needs another one that is inactive"
    SUPERSEDED_ACTIVE = "An integration is active beside the one that supersedes it"
    APPLICATION_MISSING = "An integration needs an application that its Vault lacks"
    FEATURE_MISSING = "An integration needs a local feature that is not configured"
    PARTNER_LACKS = "An integration needs something that the partner Vault lacks"
    POINT_MISSING = "The integration point that messages name does not exist"
    POINT_WITHOUT_SOURCE = "An outbound point watches nothing"
    RUN_TIME_AHEAD = "Last Successful Run Time lies in the future"
    NO_ACTIVE_RULE = "No active rule reads what is sent"
    OBJECT_GONE = "A rule writes to an object that does not exist any more"
    TARGET_FIELD_GONE = "A field rule writes to a field that does not exist any more"
    QUERY_FIELD_GONE = "A field rule reads a field that does not exist any more"
    MATCH_FIELD_GONE = "A field rule matches on a field that does not exist any more"
    LOOKUP_GONE = "A field rule uses a reference lookup that does not exist any more"
    FILTER_BROKEN = "A filter clause cannot be asked of the source"
    RULES_BROKEN = "The rules of a point cannot be used"
    MATCHING_INCOMPLETE = "The integration's way of matching is not complete"
    MARK_FIELD_GONE = "Deleted records cannot be marked"
    REQUIRED_FIELD_EMPTY = "A required field is filled by no rule"
    VALUE_REFUSED = "A value of a rule is refused by its target field"
    LOOKUP_KEY_MISSING = "A reference lookup lacks keys that are in the data"
    NO_QUEUE = "No queue serves the connection"
    QUEUE_INACTIVE = "A queue is inactive"
    DELIVERY_DISABLED = "Delivery is disabled"
    DELIVERS_NOWHERE = "A queue delivers to a queue that does not take its messages"
    QUEUE_FILLING = "A queue is nearly full"
    MESSAGES_STUCK = "Messages are tried again and again"
    NO_CERTIFICATE = "There is no current signing certificate"
    CERTIFICATE_NOT_VALID = "The signing certificate is not valid now"
    CERTIFICATE_ENDS = "The signing certificate ends soon"
    CLOCK_STANDS = "The lab clock is paused"
    NO_ENGINE = "No engine runs the jobs"
    TARGET_DELETED = "Records are no longer updated: their targets were deleted"
    SOURCE_DELETED = "Records are no longer updated: their sources were deleted"
    LINK_UNKNOWN = "Records are no longer updated: their Links name nothing"
    EXCEPTIONS_OPEN = "User exceptions are open"


@dataclass(frozen=True, slots=True)
class Place:
    """A row that a screen can go to: its area, its key, and the Vault it is in.

    `within` names what a list inside an area belongs to: the integration of a design, the connection of lookups and
    exceptions.
    """

    area: str
    key: int | str
    vault_id: int
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One trouble. `where` names the place as people read it; `command` goes there or mends it.

    `remedy` says what to do, as one sentence.
    """

    kind: FindingKind
    severity: Severity
    cause: str
    remedy: str
    vault: str
    where: str
    place: Place | None
    command: str

    @property
    def stops(self) -> bool:
        """Whether records do not move because of it."""
        return self.severity == "stops"


Findings = Iterator[Finding]

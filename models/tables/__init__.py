"""All tables of the store, one module per area of administration."""

from models.tables.audit import AuditRow
from models.tables.authorizations import AuthorizationType, ConnectionAuthorization
from models.tables.base import table_of
from models.tables.certificates import CertificateRollover, CertificateState, RolloverStage, SigningCertificate
from models.tables.changes import ConfigurationChange, NotificationSeen
from models.tables.clients import ConnectionClient
from models.tables.connections import Connection, ConnectionStat, ConnectionState, ConnectionType
from models.tables.deliveries import AttemptKind, DeliveryAttempt, LogEntryType, QueueLogEntry
from models.tables.documents import BindingRule, CrossLink, DocumentVersion
from models.tables.establishing import ApprovalTask, ConnectionFile, TimelineEvent, Verdict
from models.tables.exceptions import (
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    ExceptionNotification,
    ExceptionSide,
    ItemStatus,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    Subject,
)
from models.tables.identifiers import PersonIdentifier
from models.tables.integrations import (
    SEARCH_ON_DEMAND,
    DeletePolicy,
    Direction,
    Integration,
    IntegrationPoint,
    Matching,
    PointSource,
)
from models.tables.jobs import COUNTS, Counts, Job, JobKind, JobRun, JobRunLine, Lab, RunStatus
from models.tables.lookups import LookupType, ReferenceLookup, ReferenceLookupKey, ReferenceLookupMiss
from models.tables.message_items import SparkMessageAttribute, SparkMessageItem
from models.tables.queues import (
    ITEMS_IN_A_MESSAGE,
    LONGEST_TOKEN,
    MESSAGES_IN_A_QUEUE,
    MessageEvent,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
)
from models.tables.records import (
    FieldType,
    ObjectField,
    ObjectKind,
    Picklist,
    PicklistValue,
    Record,
    RecordStatus,
    Tombstone,
    UniqueValue,
    VaultObject,
)
from models.tables.rules import FieldRule, IntegrationRule, QueryObjectRule
from models.tables.store_info import StoreInfo
from models.tables.vaults import ProfilePermission, SecurityProfile, User, Vault

__all__ = [
    "COUNTS",
    "ITEMS_IN_A_MESSAGE",
    "LONGEST_TOKEN",
    "MESSAGES_IN_A_QUEUE",
    "SEARCH_ON_DEMAND",
    "ApprovalTask",
    "AttemptKind",
    "AuditRow",
    "AuthorizationType",
    "BindingRule",
    "CertificateRollover",
    "CertificateState",
    "ConfigurationChange",
    "Connection",
    "ConnectionAuthorization",
    "ConnectionClient",
    "ConnectionFile",
    "ConnectionStat",
    "ConnectionState",
    "ConnectionType",
    "Counts",
    "CrossLink",
    "DeletePolicy",
    "DeliveryAttempt",
    "Direction",
    "DocumentVersion",
    "ErrorType",
    "ExceptionItem",
    "ExceptionMessage",
    "ExceptionNotification",
    "ExceptionSide",
    "FieldRule",
    "FieldType",
    "Integration",
    "IntegrationPoint",
    "IntegrationRule",
    "ItemStatus",
    "Job",
    "JobKind",
    "JobRun",
    "JobRunLine",
    "Lab",
    "LogEntryType",
    "LookupType",
    "Matching",
    "MessageEvent",
    "MessageState",
    "NotificationSeen",
    "ObjectField",
    "ObjectKind",
    "PersonIdentifier",
    "Picklist",
    "PicklistValue",
    "PointSource",
    "ProfilePermission",
    "QueryObjectRule",
    "Queue",
    "QueueConnection",
    "QueueLogEntry",
    "Record",
    "RecordStatus",
    "ReferenceLookup",
    "ReferenceLookupKey",
    "ReferenceLookupMiss",
    "RetryState",
    "RetryTransfer",
    "RetryTransferMessage",
    "RolloverStage",
    "RunStatus",
    "SecurityProfile",
    "SigningCertificate",
    "SparkMessage",
    "SparkMessageAttribute",
    "SparkMessageBody",
    "SparkMessageItem",
    "StoreInfo",
    "Subject",
    "TimelineEvent",
    "Tombstone",
    "UniqueValue",
    "User",
    "Vault",
    "VaultObject",
    "Verdict",
    "table_of",
]

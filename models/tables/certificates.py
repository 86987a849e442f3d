"""Signing certificates: one serves all Vaults (seed S1)."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class CertificateState(StrEnum):
    """Part a certificate plays in signing."""

    UPCOMING = "upcoming"
    CURRENT = "current"
    PREVIOUS = "previous"
    RETIRED = "retired"


class SigningCertificate(SQLModel, table=True):
    """An RSA-2048 X.509 certificate; its private key is sealed (see `models.secrets`)."""

    __tablename__ = "signing_certificate"

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: str = Field(max_length=20, unique=True)
    pem: str
    sealed_private_key: str
    state: CertificateState = enum_column(CertificateState, CertificateState.CURRENT)
    not_before: datetime = time_column()
    not_after: datetime = time_column()


class RolloverStage(StrEnum):
    """Stage of a certificate rollover (Spark facts, section 3); PLANNED comes before the vendor's five."""

    PLANNED = "planned"
    PUBLISHED = "published"
    TESTING = "testing"
    ROLLOVER = "rollover"
    BOTH_SUPPORTED = "both_supported"
    FINAL = "final"


class CertificateRollover(SQLModel, table=True):
    """The change from one signing certificate to the next: when (lab time) each stage begins, and where it is."""

    __tablename__ = "certificate_rollover"

    id: int | None = Field(default=None, primary_key=True)
    old_id: int = Field(foreign_key="signing_certificate.id")
    new_id: int = Field(foreign_key="signing_certificate.id", unique=True)
    stage: RolloverStage = enum_column(RolloverStage, RolloverStage.PLANNED)
    published_at: datetime = time_column()
    testing_at: datetime = time_column()
    rollover_at: datetime = time_column()
    both_supported_at: datetime = time_column()
    final_at: datetime = time_column()

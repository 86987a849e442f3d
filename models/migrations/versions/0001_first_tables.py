"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "lab",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("lab_base", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("real_base", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("speed", sa.Float(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("last_tick", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("generator", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.String(36), nullable=True),
        sa.Column("holder_pid", sa.Integer(), nullable=True),
        sa.Column("holder_host", sa.String(255), nullable=True),
        sa.Column("alive_until", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_lab_one_row")),
        sa.CheckConstraint("speed > 0", name=op.f("ck_lab_speed")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lab")),
    )
    op.create_table(
        "signing_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(20), nullable=False),
        sa.Column("pem", sa.String(), nullable=False),
        sa.Column("sealed_private_key", sa.String(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "upcoming",
                "current",
                "previous",
                "retired",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="certificate_state",
            ),
            nullable=False,
        ),
        sa.Column("not_before", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_certificate")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_signing_certificate_certificate_id")),
    )
    op.create_table(
        "spark_message_attribute",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", "value", "message_id", name=op.f("pk_spark_message_attribute")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "spark_message_item",
        sa.Column("item", sa.String(255), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("item", "message_id", name=op.f("pk_spark_message_item")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "store_info",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_store_info")),
    )
    op.create_table(
        "vault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("dns_host", sa.String(255), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("family", sa.String(60), nullable=False),
        sa.Column("applications", sa.JSON(), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("client_id_filtering", sa.Boolean(), nullable=False),
        sa.Column("next_record", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["vault.id"], name=op.f("fk_vault_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault")),
        sa.UniqueConstraint("dns_host", name=op.f("uq_vault_dns_host")),
        sa.UniqueConstraint("name", name=op.f("uq_vault_name")),
    )
    op.create_table(
        "certificate_rollover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("old_id", sa.Integer(), nullable=False),
        sa.Column("new_id", sa.Integer(), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "planned",
                "published",
                "testing",
                "rollover",
                "both_supported",
                "final",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="rollover_stage",
            ),
            nullable=False,
        ),
        sa.Column("published_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("testing_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("rollover_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column(
            "both_supported_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False
        ),
        sa.Column("final_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["new_id"], ["signing_certificate.id"], name=op.f("fk_certificate_rollover_new_id")),
        sa.ForeignKeyConstraint(["old_id"], ["signing_certificate.id"], name=op.f("fk_certificate_rollover_old_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_rollover")),
        sa.UniqueConstraint("new_id", name=op.f("uq_certificate_rollover_new_id")),
    )
    op.create_table(
        "configuration_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("why_not", sa.String(500), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_configuration_change_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration_change")),
    )
    op.create_index("ix_configuration_change_vault_id_id", "configuration_change", ["vault_id", "id"], unique=False)
    op.create_table(
        "connection_authorization",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "basic_auth__sys",
                "client_credentials__sys",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="authorization_type",
            ),
            nullable=False,
        ),
        sa.Column("identity", sa.String(200), nullable=False),
        sa.Column("sealed_secret", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_connection_authorization_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_authorization")),
        sa.UniqueConstraint("vault_id", "name", name=op.f("uq_connection_authorization_vault_id_name")),
    )
    op.create_index(
        op.f("ix_connection_authorization_vault_id"), "connection_authorization", ["vault_id"], unique=False
    )
    op.create_table(
        "exception_notification",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("bell", sa.Boolean(), nullable=False),
        sa.Column("log_file", sa.String(1000), nullable=True),
        sa.Column("sealed_command", sa.String(), nullable=True),
        sa.Column("time_limit", sa.Integer(), nullable=False),
        sa.Column("told_until", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("last_told_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("last_trouble", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_exception_notification_vault_id")),
        sa.PrimaryKeyConstraint("vault_id", name=op.f("pk_exception_notification")),
    )
    op.create_table(
        "picklist",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_picklist_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picklist")),
        sa.UniqueConstraint("vault_id", "name", name=op.f("uq_picklist_vault_id_name")),
    )
    op.create_index(op.f("ix_picklist_vault_id"), "picklist", ["vault_id"], unique=False)
    op.create_table(
        "retry_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "under_way",
                "done",
                "failed",
                "cancelled",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="retry_state",
            ),
            nullable=False,
        ),
        sa.Column(
            "step",
            sa.Enum(
                "send", "deliver", "receive", native_enum=False, create_constraint=True, length=40, name="job_kind"
            ),
            nullable=True,
        ),
        sa.Column("user_name", sa.String(100), nullable=False),
        sa.Column("asked", sa.String(500), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("applied", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_retry_transfer_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retry_transfer")),
    )
    op.create_index("ix_retry_transfer_vault_id_state", "retry_transfer", ["vault_id", "state"], unique=False)
    op.create_table(
        "security_profile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("standard", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_security_profile_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_profile")),
        sa.UniqueConstraint("vault_id", "name", name=op.f("uq_security_profile_vault_id_name")),
    )
    op.create_index(op.f("ix_security_profile_vault_id"), "security_profile", ["vault_id"], unique=False)
    op.create_table(
        "vault_object",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("plural_label", sa.String(100), nullable=False),
        sa.Column("prefix", sa.String(3), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("object", "document", native_enum=False, create_constraint=True, length=40, name="object_kind"),
            nullable=False,
        ),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("locked_when", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_vault_object_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_object")),
        sa.UniqueConstraint("vault_id", "name", name=op.f("uq_vault_object_vault_id_name")),
        sa.UniqueConstraint("vault_id", "prefix", name=op.f("uq_vault_object_vault_id_prefix")),
    )
    op.create_index(op.f("ix_vault_object_vault_id"), "vault_object", ["vault_id"], unique=False)
    op.create_table(
        "object_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "text",
                "number",
                "yes_no",
                "date",
                "datetime",
                "picklist",
                "object",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="field_type",
            ),
            nullable=False,
        ),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("unique", sa.Boolean(), nullable=False),
        sa.Column("max_length", sa.Integer(), nullable=True),
        sa.Column("picklist_id", sa.Integer(), nullable=True),
        sa.Column("several", sa.Boolean(), nullable=False),
        sa.Column("reference_object_id", sa.Integer(), nullable=True),
        sa.Column("relationship", sa.String(60), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["vault_object.id"], name=op.f("fk_object_field_object_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["picklist_id"], ["picklist.id"], name=op.f("fk_object_field_picklist_id")),
        sa.ForeignKeyConstraint(
            ["reference_object_id"], ["vault_object.id"], name=op.f("fk_object_field_reference_object_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object_field")),
        sa.UniqueConstraint("object_id", "name", name=op.f("uq_object_field_object_id_name")),
    )
    op.create_table(
        "picklist_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("picklist_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("label", sa.String(150), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picklist_id"], ["picklist.id"], name=op.f("fk_picklist_value_picklist_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picklist_value")),
        sa.UniqueConstraint("picklist_id", "name", name=op.f("uq_picklist_value_picklist_id_name")),
    )
    op.create_table(
        "profile_permission",
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("permission", sa.String(150), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["security_profile.id"], name=op.f("fk_profile_permission_profile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("profile_id", "permission", name=op.f("pk_profile_permission")),
    )
    op.create_table(
        "vault_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(100), nullable=False),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["security_profile.id"], name=op.f("fk_vault_user_profile_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_vault_user_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vault_user")),
        sa.UniqueConstraint("vault_id", "username", name=op.f("uq_vault_user_vault_id_username")),
    )
    op.create_index(op.f("ix_vault_user_vault_id"), "vault_user", ["vault_id"], unique=False)
    op.create_table(
        "audit_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(200), nullable=False),
        sa.Column("on_behalf_of", sa.String(200), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("object_name", sa.String(60), nullable=False),
        sa.Column("item", sa.String(255), nullable=False),
        sa.Column("record_id", sa.String(40), nullable=False),
        sa.Column("field_name", sa.String(100), nullable=False),
        sa.Column("old_value", sa.String(), nullable=True),
        sa.Column("new_value", sa.String(), nullable=True),
        sa.Column("workflow", sa.String(100), nullable=False),
        sa.Column("task", sa.String(100), nullable=False),
        sa.Column("verdict", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["vault_user.id"], name=op.f("fk_audit_row_user_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_audit_row_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_row")),
    )
    op.create_index("ix_audit_row_vault_id_at", "audit_row", ["vault_id", "at"], unique=False)
    op.create_index("ix_audit_row_vault_id_id", "audit_row", ["vault_id", "id"], unique=False)
    op.create_index("ix_audit_row_vault_id_record_id", "audit_row", ["vault_id", "record_id"], unique=False)
    op.create_table(
        "connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "vault_to_vault__sys",
                "external__sys",
                "local__sys",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="connection_type",
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("standard_connection", sa.String(60), nullable=False),
        sa.Column("duplicate_of", sa.String(60), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "active",
                "inactive",
                "disconnected",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="connection_state",
            ),
            nullable=False,
        ),
        sa.Column("system_managed", sa.Boolean(), nullable=False),
        sa.Column("cross_domain", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("authorized_user_id", sa.Integer(), nullable=True),
        sa.Column("certificate_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(500), nullable=True),
        sa.Column("authorization_id", sa.Integer(), nullable=True),
        sa.Column("remote_vault_id", sa.Integer(), nullable=True),
        sa.Column("remote_vault_name", sa.String(100), nullable=False),
        sa.Column("remote_dns_host", sa.String(255), nullable=False),
        sa.Column("remote_connection_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["authorization_id"], ["connection_authorization.id"], name=op.f("fk_connection_authorization_id")
        ),
        sa.ForeignKeyConstraint(
            ["authorized_user_id"], ["vault_user.id"], name=op.f("fk_connection_authorized_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["signing_certificate.id"], name=op.f("fk_connection_certificate_id")
        ),
        sa.ForeignKeyConstraint(
            ["remote_connection_id"],
            ["connection.id"],
            name=op.f("fk_connection_remote_connection_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_connection_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("vault_id", "api_name", name=op.f("uq_connection_vault_id_api_name")),
        sa.UniqueConstraint("vault_id", "record_id", name=op.f("uq_connection_vault_id_record_id")),
    )
    op.create_index(op.f("ix_connection_vault_id"), "connection", ["vault_id"], unique=False)
    op.create_table(
        "notification_seen",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("notification", sa.String(100), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["vault_user.id"], name=op.f("fk_notification_seen_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "notification", name=op.f("pk_notification_seen")),
    )
    op.create_table(
        "queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column(
            "type",
            sa.Enum("inbound", "outbound", native_enum=False, create_constraint=True, length=40, name="direction"),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("delivery_enabled", sa.Boolean(), nullable=False),
        sa.Column("message_processor", sa.String(100), nullable=True),
        sa.Column("processor_user_id", sa.Integer(), nullable=True),
        sa.Column("sequential", sa.Boolean(), nullable=False),
        sa.Column("rollback_on_error", sa.Boolean(), nullable=False),
        sa.Column("standard", sa.Boolean(), nullable=False),
        sa.Column("delivery_handler", sa.String(100), nullable=True),
        sa.Column("handler_user_id", sa.Integer(), nullable=True),
        sa.Column("retry_minutes", sa.JSON(), nullable=True),
        sa.Column("trace_until", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.CheckConstraint("type = 'outbound' OR delivery_enabled", name=op.f("ck_queue_inbound_never_paused")),
        sa.CheckConstraint(
            "type = 'outbound' OR message_processor IS NOT NULL", name=op.f("ck_queue_inbound_has_processor")
        ),
        sa.ForeignKeyConstraint(["handler_user_id"], ["vault_user.id"], name=op.f("fk_queue_handler_user_id")),
        sa.ForeignKeyConstraint(["processor_user_id"], ["vault_user.id"], name=op.f("fk_queue_processor_user_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_queue_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue")),
        sa.UniqueConstraint("vault_id", "api_name", name=op.f("uq_queue_vault_id_api_name")),
    )
    op.create_index(op.f("ix_queue_vault_id"), "queue", ["vault_id"], unique=False)
    op.create_table(
        "record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("global_id", sa.String(40), nullable=False),
        sa.Column("link", sa.String(255), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active__v", "inactive__v", native_enum=False, create_constraint=True, length=40, name="record_status"
            ),
            nullable=False,
        ),
        sa.Column("state", sa.String(60), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("modified_by", sa.Integer(), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["vault_user.id"], name=op.f("fk_record_created_by")),
        sa.ForeignKeyConstraint(["modified_by"], ["vault_user.id"], name=op.f("fk_record_modified_by")),
        sa.ForeignKeyConstraint(["object_id"], ["vault_object.id"], name=op.f("fk_record_object_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_record_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("global_id", name=op.f("uq_record_global_id")),
        sa.UniqueConstraint("vault_id", "record_id", name=op.f("uq_record_vault_id_record_id")),
    )
    op.create_index("ix_record_object_id_link", "record", ["object_id", "link"], unique=False)
    op.create_index("ix_record_object_id_modified_at", "record", ["object_id", "modified_at"], unique=False)
    op.create_index("ix_record_vault_id_name", "record", ["vault_id", "name"], unique=False)
    op.create_table(
        "tombstone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column("global_id", sa.String(40), nullable=False),
        sa.Column("link", sa.String(255), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("deleted_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["deleted_by"], ["vault_user.id"], name=op.f("fk_tombstone_deleted_by")),
        sa.ForeignKeyConstraint(["object_id"], ["vault_object.id"], name=op.f("fk_tombstone_object_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_tombstone_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
    )
    op.create_index("ix_tombstone_object_id_deleted_at", "tombstone", ["object_id", "deleted_at"], unique=False)
    op.create_index("ix_tombstone_object_id_link", "tombstone", ["object_id", "link"], unique=False)
    op.create_index("ix_tombstone_vault_id_record_id", "tombstone", ["vault_id", "record_id"], unique=False)
    op.create_table(
        "connection_client",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_connection_client_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_connection_client_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_client")),
        sa.UniqueConstraint("connection_id", "client_id", name=op.f("uq_connection_client_connection_id_client_id")),
    )
    op.create_index(op.f("ix_connection_client_vault_id"), "connection_client", ["vault_id"], unique=False)
    op.create_table(
        "connection_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.String(36), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("remote_vault_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("issued_by", sa.String(200), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("used_by_vault_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_connection_file_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_connection_file_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_file")),
        sa.UniqueConstraint("file_id", name=op.f("uq_connection_file_file_id")),
    )
    op.create_index("ix_connection_file_connection_id_id", "connection_file", ["connection_id", "id"], unique=False)
    op.create_table(
        "connection_stat",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("timeouts", sa.Integer(), nullable=False),
        sa.Column("fatal_errors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_connection_stat_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connection_id", "day", name=op.f("pk_connection_stat")),
    )
    op.create_table(
        "crosslink",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.Integer(), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("source_vault_id", sa.Integer(), nullable=False),
        sa.Column("source_record_id", sa.String(20), nullable=False),
        sa.Column("source_global_id", sa.String(40), nullable=False),
        sa.Column("source_major", sa.Integer(), nullable=False),
        sa.Column("source_minor", sa.Integer(), nullable=False),
        sa.Column("integration_point", sa.String(60), nullable=True),
        sa.Column(
            "binding",
            sa.Enum(
                "Specific Document Version", native_enum=False, create_constraint=True, length=40, name="binding_rule"
            ),
            nullable=False,
        ),
        sa.Column("bound_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_key"], ["record.id"], name=op.f("fk_crosslink_record_key"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_crosslink_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crosslink")),
        sa.UniqueConstraint("record_key", "major", "minor", name=op.f("uq_crosslink_record_key_major_minor")),
    )
    op.create_index(
        "ix_crosslink_vault_id_source_global_id", "crosslink", ["vault_id", "source_global_id"], unique=False
    )
    op.create_table(
        "document_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(20), nullable=False),
        sa.Column("version_id", sa.String(40), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("global_id", sa.String(40), nullable=False),
        sa.Column("link", sa.String(255), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active__v", "inactive__v", native_enum=False, create_constraint=True, length=40, name="record_status"
            ),
            nullable=False,
        ),
        sa.Column("state", sa.String(60), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("modified_by", sa.Integer(), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["vault_user.id"], name=op.f("fk_document_version_created_by")),
        sa.ForeignKeyConstraint(["modified_by"], ["vault_user.id"], name=op.f("fk_document_version_modified_by")),
        sa.ForeignKeyConstraint(["object_id"], ["vault_object.id"], name=op.f("fk_document_version_object_id")),
        sa.ForeignKeyConstraint(
            ["record_key"], ["record.id"], name=op.f("fk_document_version_record_key"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_document_version_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_version")),
        sa.UniqueConstraint("record_key", "major", "minor", name=op.f("uq_document_version_record_key_major_minor")),
        sa.UniqueConstraint("vault_id", "version_id", name=op.f("uq_document_version_vault_id_version_id")),
    )
    op.create_index(
        "ix_document_version_object_id_modified_at", "document_version", ["object_id", "modified_at"], unique=False
    )
    op.create_table(
        "integration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("feature", sa.String(100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("standard", sa.Boolean(), nullable=False),
        sa.Column(
            "last_successful_send", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True
        ),
        sa.Column(
            "last_successful_receive", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True
        ),
        sa.Column(
            "matching",
            sa.Enum(
                "link",
                "crm_keys",
                "external_id",
                "fields",
                "origin",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="matching",
            ),
            nullable=False,
        ),
        sa.Column("match_source_field", sa.String(60), nullable=True),
        sa.Column("match_target_field", sa.String(60), nullable=True),
        sa.Column(
            "delete_policy",
            sa.Enum(
                "leave",
                "delete",
                "inactivate",
                "mark",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="delete_policy",
            ),
            nullable=False,
        ),
        sa.Column("mark_field", sa.String(60), nullable=True),
        sa.Column("mark_text", sa.String(255), nullable=True),
        sa.Column("inactivates_targets", sa.Boolean(), nullable=False),
        sa.Column("depends_on", sa.JSON(), nullable=False),
        sa.Column("supersedes", sa.JSON(), nullable=False),
        sa.Column("required_applications", sa.JSON(), nullable=False),
        sa.Column("required_features", sa.JSON(), nullable=False),
        sa.Column("remote_applications", sa.JSON(), nullable=False),
        sa.Column("remote_features", sa.JSON(), nullable=False),
        sa.Column("locks_rule_activation", sa.Boolean(), nullable=False),
        sa.Column("locks_rule_defaults", sa.Boolean(), nullable=False),
        sa.Column("modified_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_integration_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_integration_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
        sa.UniqueConstraint("connection_id", "api_name", name=op.f("uq_integration_connection_id_api_name")),
    )
    op.create_index(op.f("ix_integration_vault_id"), "integration", ["vault_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "send", "deliver", "receive", native_enum=False, create_constraint=True, length=40, name="job_kind"
            ),
            nullable=False,
        ),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("longest_seconds", sa.Integer(), nullable=False),
        sa.Column("timed_out", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("requested_connection_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["requested_connection_id"],
            ["connection.id"],
            name=op.f("fk_job_requested_connection_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_job_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("vault_id", "kind", name=op.f("uq_job_vault_id_kind")),
    )
    op.create_table(
        "job_run",
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("retried", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "send", "deliver", "receive", native_enum=False, create_constraint=True, length=40, name="job_kind"
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "RUNNING",
                "SUCCESS",
                "ERRORS_ENCOUNTERED",
                "CANCELLED",
                "TIMEOUT",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="run_status",
            ),
            nullable=False,
        ),
        sa.Column("connection_id", sa.Integer(), nullable=True),
        sa.Column("retry_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_job_run_connection_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["retry_id"], ["retry_transfer.id"], name=op.f("fk_job_run_retry_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_job_run_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index(op.f("ix_job_run_retry_id"), "job_run", ["retry_id"], unique=False)
    op.create_index("ix_job_run_status_id", "job_run", ["status", "id"], unique=False)
    op.create_index("ix_job_run_vault_id_id", "job_run", ["vault_id", "id"], unique=False)
    op.create_table(
        "person_identifier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=True),
        sa.Column("person_field", sa.String(60), nullable=False),
        sa.Column("account_field", sa.String(60), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_person_identifier_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_person_identifier_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_identifier")),
        sa.UniqueConstraint("vault_id", "connection_id", name=op.f("uq_person_identifier_vault_id_connection_id")),
    )
    op.create_index(op.f("ix_person_identifier_vault_id"), "person_identifier", ["vault_id"], unique=False)
    op.create_table(
        "queue_connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("deliver_to_queue", sa.String(60), nullable=True),
        sa.Column("path", sa.String(500), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_queue_connection_connection_id")),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.id"], name=op.f("fk_queue_connection_queue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_connection")),
        sa.UniqueConstraint("queue_id", "connection_id", name=op.f("uq_queue_connection_queue_id_connection_id")),
    )
    op.create_index(op.f("ix_queue_connection_connection_id"), "queue_connection", ["connection_id"], unique=False)
    op.create_table(
        "reference_lookup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column(
            "type",
            sa.Enum("object", "generic", native_enum=False, create_constraint=True, length=40, name="lookup_type"),
            nullable=False,
        ),
        sa.Column("target_object", sa.String(60), nullable=True),
        sa.Column("target_key_field", sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_reference_lookup_connection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_lookup")),
        sa.UniqueConstraint("connection_id", "api_name", name=op.f("uq_reference_lookup_connection_id_api_name")),
    )
    op.create_table(
        "timeline_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("what", sa.String(300), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "approved",
                "rejected",
                "cancelled",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="verdict",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_timeline_event_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_timeline_event_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline_event")),
    )
    op.create_index("ix_timeline_event_connection_id_id", "timeline_event", ["connection_id", "id"], unique=False)
    op.create_table(
        "unique_value",
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(1500), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["field_id"], ["object_field.id"], name=op.f("fk_unique_value_field_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["record_id"], ["record.id"], name=op.f("fk_unique_value_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("field_id", "value", name=op.f("pk_unique_value")),
    )
    op.create_index(op.f("ix_unique_value_record_id"), "unique_value", ["record_id"], unique=False)
    op.create_table(
        "approval_task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("completed_by", sa.String(200), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(
                "approved",
                "rejected",
                "cancelled",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="verdict",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_approval_task_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["connection_file.id"], name=op.f("fk_approval_task_file_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_approval_task_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_task")),
        sa.UniqueConstraint("file_id", "connection_id", name=op.f("uq_approval_task_file_id_connection_id")),
    )
    op.create_index(
        "ix_approval_task_connection_id_completed_at", "approval_task", ["connection_id", "completed_at"], unique=False
    )
    op.create_table(
        "integration_point",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("inbound", "outbound", native_enum=False, create_constraint=True, length=40, name="direction"),
            nullable=False,
        ),
        sa.Column(
            "matching",
            sa.Enum(
                "link",
                "crm_keys",
                "external_id",
                "fields",
                "origin",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="matching",
            ),
            nullable=True,
        ),
        sa.Column("creates", sa.Boolean(), nullable=False),
        sa.Column("updates", sa.Boolean(), nullable=False),
        sa.Column("behaviours", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name=op.f("fk_integration_point_integration_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_integration_point_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_point")),
        sa.UniqueConstraint("integration_id", "api_name", name=op.f("uq_integration_point_integration_id_api_name")),
    )
    op.create_index(op.f("ix_integration_point_integration_id"), "integration_point", ["integration_id"], unique=False)
    op.create_index(op.f("ix_integration_point_vault_id"), "integration_point", ["vault_id"], unique=False)
    op.create_table(
        "job_run_line",
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("retried", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_job_run_line_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["job_run.id"], name=op.f("fk_job_run_line_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "connection_id", name=op.f("pk_job_run_line")),
    )
    op.create_index(op.f("ix_job_run_line_connection_id"), "job_run_line", ["connection_id"], unique=False)
    op.create_table(
        "reference_lookup_key",
        sa.Column("lookup_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(255), nullable=False),
        sa.Column("target_key", sa.String(255), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["lookup_id"], ["reference_lookup.id"], name=op.f("fk_reference_lookup_key_lookup_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lookup_id", "source_key", name=op.f("pk_reference_lookup_key")),
    )
    op.create_table(
        "reference_lookup_miss",
        sa.Column("lookup_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(255), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("last_missed_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["lookup_id"], ["reference_lookup.id"], name=op.f("fk_reference_lookup_miss_lookup_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lookup_id", "source_key", name=op.f("pk_reference_lookup_miss")),
    )
    op.create_table(
        "spark_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "delivered",
                "processed",
                "removed",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="message_state",
            ),
            nullable=False,
        ),
        sa.Column("object_name", sa.String(60), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "changed",
                "deleted",
                "withdrawn",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="message_event",
            ),
            nullable=False,
        ),
        sa.Column("integration_point", sa.String(60), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("claimed_by", sa.Integer(), nullable=True),
        sa.Column("put_by", sa.Integer(), nullable=True),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(1000), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["claimed_by"], ["job_run.id"], name=op.f("fk_spark_message_claimed_by")),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_spark_message_connection_id")),
        sa.ForeignKeyConstraint(["put_by"], ["job_run.id"], name=op.f("fk_spark_message_put_by")),
        sa.ForeignKeyConstraint(["queue_id"], ["queue.id"], name=op.f("fk_spark_message_queue_id")),
        sa.ForeignKeyConstraint(["taken_by"], ["job_run.id"], name=op.f("fk_spark_message_taken_by")),
        sa.ForeignKeyConstraint(["user_id"], ["vault_user.id"], name=op.f("fk_spark_message_user_id")),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_spark_message_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spark_message")),
        sa.UniqueConstraint(
            "queue_id", "connection_id", "message_id", name=op.f("uq_spark_message_queue_id_connection_id_message_id")
        ),
    )
    op.create_index(
        "ix_spark_message_browsing",
        "spark_message",
        [
            "vault_id",
            "id",
            "state",
            "event",
            "object_name",
            "integration_point",
            "queue_id",
            "connection_id",
            "entered_at",
        ],
        unique=False,
    )
    op.create_index(
        "ix_spark_message_claimed_by",
        "spark_message",
        ["claimed_by"],
        unique=False,
        sqlite_where=sa.text("claimed_by IS NOT NULL"),
        postgresql_where=sa.text("claimed_by IS NOT NULL"),
    )
    op.create_index("ix_spark_message_connection_id_id", "spark_message", ["connection_id", "id"], unique=False)
    op.create_index(
        "ix_spark_message_failed",
        "spark_message",
        ["vault_id", "id"],
        unique=False,
        sqlite_where=sa.text("last_error IS NOT NULL"),
        postgresql_where=sa.text("last_error IS NOT NULL"),
    )
    op.create_index(op.f("ix_spark_message_put_by"), "spark_message", ["put_by"], unique=False)
    op.create_index("ix_spark_message_queue_id_state_id", "spark_message", ["queue_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_spark_message_taken_by"), "spark_message", ["taken_by"], unique=False)
    op.create_index("ix_spark_message_vault_id_entered_at", "spark_message", ["vault_id", "entered_at"], unique=False)
    op.create_index(
        "ix_spark_message_vault_id_integration_point_id",
        "spark_message",
        ["vault_id", "integration_point", "id"],
        unique=False,
    )
    op.create_index(
        "ix_spark_message_vault_id_object_name_id", "spark_message", ["vault_id", "object_name", "id"], unique=False
    )
    op.create_index("ix_spark_message_vault_id_state_id", "spark_message", ["vault_id", "state", "id"], unique=False)
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ok", "failure", "timeout", native_enum=False, create_constraint=True, length=40, name="attempt_kind"
            ),
            nullable=False,
        ),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["spark_message.id"], name=op.f("fk_delivery_attempt_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index(op.f("ix_delivery_attempt_message_id"), "delivery_attempt", ["message_id"], unique=False)
    op.create_table(
        "exception_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "side",
            sa.Enum("source", "target", native_enum=False, create_constraint=True, length=40, name="exception_side"),
            nullable=False,
        ),
        sa.Column(
            "subject",
            sa.Enum(
                "message",
                "sending",
                "delivery",
                "remote",
                "job",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="subject",
            ),
            nullable=False,
        ),
        sa.Column(
            "error_type",
            sa.Enum(
                "message_processing_error__sys",
                "item_processing_error__sys",
                "connection_error__sys",
                "configuration_error__sys",
                "timeout__sys",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="error_type",
            ),
            nullable=False,
        ),
        sa.Column("error_message", sa.String(2000), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=True),
        sa.Column("integration_id", sa.Integer(), nullable=True),
        sa.Column("point_id", sa.Integer(), nullable=True),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column(
            "job",
            sa.Enum(
                "send", "deliver", "receive", native_enum=False, create_constraint=True, length=40, name="job_kind"
            ),
            nullable=True,
        ),
        sa.Column("message_processor", sa.String(100), nullable=False),
        sa.Column("spark_message_id", sa.Integer(), nullable=True),
        sa.Column("items_received", sa.Integer(), nullable=False),
        sa.Column("items_failed", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_exception_message_connection_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
            name=op.f("fk_exception_message_integration_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["integration_point.id"], name=op.f("fk_exception_message_point_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.id"], name=op.f("fk_exception_message_queue_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["job_run.id"], name=op.f("fk_exception_message_run_id")),
        sa.ForeignKeyConstraint(
            ["spark_message_id"],
            ["spark_message.id"],
            name=op.f("fk_exception_message_spark_message_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_exception_message_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_message")),
    )
    op.create_index(op.f("ix_exception_message_point_id"), "exception_message", ["point_id"], unique=False)
    op.create_index(op.f("ix_exception_message_run_id"), "exception_message", ["run_id"], unique=False)
    op.create_index(
        op.f("ix_exception_message_spark_message_id"), "exception_message", ["spark_message_id"], unique=False
    )
    op.create_index(
        "ix_exception_message_vault_id_active_id", "exception_message", ["vault_id", "active", "id"], unique=False
    )
    op.create_table(
        "integration_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("standard", sa.Boolean(), nullable=False),
        sa.Column("primary_query_object", sa.String(1500), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["point_id"], ["integration_point.id"], name=op.f("fk_integration_rule_point_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_integration_rule_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_rule")),
        sa.UniqueConstraint("point_id", "api_name", name=op.f("uq_integration_rule_point_id_api_name")),
    )
    op.create_index(op.f("ix_integration_rule_vault_id"), "integration_rule", ["vault_id"], unique=False)
    op.create_table(
        "point_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("remote_point", sa.String(60), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["object_id"], ["vault_object.id"], name=op.f("fk_point_source_object_id")),
        sa.ForeignKeyConstraint(
            ["point_id"], ["integration_point.id"], name=op.f("fk_point_source_point_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_source")),
        sa.UniqueConstraint(
            "point_id", "object_id", "remote_point", name=op.f("uq_point_source_point_id_object_id_remote_point")
        ),
    )
    op.create_table(
        "queue_log_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column(
            "entry_type",
            sa.Enum(
                "REMOVAL",
                "TRACE",
                "REFUSAL",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="log_entry_type",
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("queue_name", sa.String(60), nullable=False),
        sa.Column("connection_name", sa.String(20), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("spark_message_id", sa.Integer(), nullable=True),
        sa.Column("queue_time", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("send_time", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("handler", sa.String(100), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("due_back_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.Column("put_back_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["queue.id"], name=op.f("fk_queue_log_entry_queue_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["spark_message_id"],
            ["spark_message.id"],
            name=op.f("fk_queue_log_entry_spark_message_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_queue_log_entry_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_log_entry")),
    )
    op.create_index(op.f("ix_queue_log_entry_due_back_at"), "queue_log_entry", ["due_back_at"], unique=False)
    op.create_index("ix_queue_log_entry_spark_message_id", "queue_log_entry", ["spark_message_id"], unique=False)
    op.create_index("ix_queue_log_entry_vault_id_at", "queue_log_entry", ["vault_id", "at"], unique=False)
    op.create_table(
        "spark_message_body",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["spark_message.id"], name=op.f("fk_spark_message_body_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_spark_message_body")),
    )
    op.create_table(
        "exception_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.Column("source_object", sa.String(60), nullable=False),
        sa.Column("target_object", sa.String(60), nullable=False),
        sa.Column("item", sa.String(40), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "resolved", native_enum=False, create_constraint=True, length=40, name="item_status"),
            nullable=False,
        ),
        sa.Column(
            "error_type",
            sa.Enum(
                "message_processing_error__sys",
                "item_processing_error__sys",
                "connection_error__sys",
                "configuration_error__sys",
                "timeout__sys",
                native_enum=False,
                create_constraint=True,
                length=40,
                name="error_type",
            ),
            nullable=False,
        ),
        sa.Column("error_message", sa.String(2000), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("item_data", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["exception_message.id"], name=op.f("fk_exception_item_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["point_id"], ["integration_point.id"], name=op.f("fk_exception_item_point_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vault_id"], ["vault.id"], name=op.f("fk_exception_item_vault_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_item")),
    )
    op.create_index("ix_exception_item_message_id_status", "exception_item", ["message_id", "status"], unique=False)
    op.create_index("ix_exception_item_point_id_status", "exception_item", ["point_id", "status"], unique=False)
    op.create_index(
        "uq_exception_item_open",
        "exception_item",
        ["point_id", "target_object", "item"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "field_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("target_object", sa.String(60), nullable=False),
        sa.Column("target_field", sa.String(60), nullable=False),
        sa.Column("target_docfield", sa.String(60), nullable=True),
        sa.Column("query_object", sa.String(60), nullable=False),
        sa.Column("query_field", sa.String(255), nullable=True),
        sa.Column("query_field_select", sa.String(500), nullable=True),
        sa.Column("query_field_type", sa.String(40), nullable=True),
        sa.Column("default_value", sa.String(1500), nullable=True),
        sa.Column("target_lookup_field", sa.String(60), nullable=True),
        sa.Column("reference_lookup_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_lookup_id"], ["reference_lookup.id"], name=op.f("fk_field_rule_reference_lookup_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["integration_rule.id"], name=op.f("fk_field_rule_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_rule")),
        sa.UniqueConstraint("rule_id", "api_name", name=op.f("uq_field_rule_rule_id_api_name")),
    )
    op.create_table(
        "query_object_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("api_name", sa.String(60), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("query_object", sa.String(60), nullable=False),
        sa.Column("filter_clause", sa.String(4000), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["integration_rule.id"], name=op.f("fk_query_object_rule_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_object_rule")),
        sa.UniqueConstraint("rule_id", "api_name", name=op.f("uq_query_object_rule_rule_id_api_name")),
    )
    op.create_table(
        "retry_transfer_message",
        sa.Column("retry_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "send", "deliver", "receive", native_enum=False, create_constraint=True, length=40, name="job_kind"
            ),
            nullable=False,
        ),
        sa.Column("under_way", sa.Boolean(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("still_open", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["exception_message.id"],
            name=op.f("fk_retry_transfer_message_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["retry_id"], ["retry_transfer.id"], name=op.f("fk_retry_transfer_message_retry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("retry_id", "message_id", name=op.f("pk_retry_transfer_message")),
    )
    op.create_index("ix_retry_transfer_message_message_id", "retry_transfer_message", ["message_id"], unique=False)
    op.create_index(
        "uq_retry_transfer_message_under_way",
        "retry_transfer_message",
        ["message_id"],
        unique=True,
        sqlite_where=sa.text("under_way"),
        postgresql_where=sa.text("under_way"),
    )

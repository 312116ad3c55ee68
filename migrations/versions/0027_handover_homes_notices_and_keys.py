"""homes of a handover, their notices, ticks, fees and keys

Revision: 0027, after 0026

Before this goes to a database that people work with:
- All steps run in one transaction: other writers wait meanwhile. Fill a large table in batches, in a step of its own.
- A new required column needs a server_default, or old rows break it. Drop the default in a later step.
- A rename shows as a column dropped and one added, which loses data: write alter_column(new_column_name=...) instead.
- Drop a column only in the release after the one whose code stopped using it: both versions run during an upgrade.
- `downgrade` brings the shape back, never the data. Back up first.
- Import nothing of `models`: this file must still run when they have moved on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handover_room",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("notice_state", sa.String(length=40), nullable=False),
        sa.Column("slot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("station", sa.String(length=20), nullable=True),
        sa.Column("escort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_outcome", sa.String(length=40), nullable=True),
        sa.Column("outcome_reason", sa.String(length=200), nullable=True),
        sa.Column("repair_due_on", sa.Date(), nullable=True),
        sa.Column("second_visit_on", sa.Date(), nullable=True),
        sa.Column("groundless", sa.Boolean(), nullable=False),
        sa.Column("signer", sa.String(length=40), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("change_reason", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_room_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_room_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_handover_room_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_room_deleted_by_id")),
        sa.ForeignKeyConstraint(["escort_id"], ["user_profile.id"], name=op.f("fk_handover_room_escort_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["handover_plan.id"], name=op.f("fk_handover_room_plan_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_room_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_handover_room_room_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["handover_slot.id"], name=op.f("fk_handover_room_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_room")),
    )
    with op.batch_alter_table("handover_room", schema=None) as batch_op:
        batch_op.create_index(
            "ix_handover_room_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_room_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_room_escort_id"), ["escort_id"], unique=False)
        batch_op.create_index(
            "ix_handover_room_note_prefix", ["note"], unique=False, postgresql_ops={"note": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_handover_room_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index("ix_handover_room_plan_version", ["plan_id", "version"], unique=False)
        batch_op.create_index(
            "ix_handover_room_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_handover_room_project_id_note_prefix",
            ["project_id", "note"],
            unique=False,
            postgresql_ops={"note": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_handover_room_project_id_station_prefix",
            ["project_id", "station"],
            unique=False,
            postgresql_ops={"station": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_handover_room_room_id"), ["room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_room_slot_id"), ["slot_id"], unique=False)
        batch_op.create_index(
            "ix_handover_room_station_prefix", ["station"], unique=False, postgresql_ops={"station": "text_pattern_ops"}
        )
        batch_op.create_index(
            "uq_handover_room_plan_id_room_id",
            ["plan_id", "room_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "handover_scope",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_handover_scope_building_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_scope_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_scope_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_scope_deleted_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["handover_plan.id"], name=op.f("fk_handover_scope_plan_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_scope_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_handover_scope_room_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_handover_scope_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_scope")),
    )
    with op.batch_alter_table("handover_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_scope_building_id"), ["building_id"], unique=False)
        batch_op.create_index(
            "ix_handover_scope_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_scope_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(
            "ix_handover_scope_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_scope_room_id"), ["room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_scope_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(
            "uq_handover_scope_plan_id_kind_building_id_unit_id_floor_room_i",
            ["plan_id", "kind", "building_id", "unit_id", "floor", "room_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "key_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=60), nullable=True),
        sa.Column("handed_on", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("operator", sa.String(length=64), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_key_record_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_key_record_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_key_record_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_key_record_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_key_record_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_record")),
    )
    with op.batch_alter_table("key_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_key_record_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_key_record_holder_prefix", ["holder"], unique=False, postgresql_ops={"holder": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_key_record_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_key_record_project_id_holder_prefix",
            ["project_id", "holder"],
            unique=False,
            postgresql_ops={"holder": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_key_record_room_id"), ["room_id"], unique=False)

    op.create_table(
        "handover_doc",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_doc_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_doc_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_doc_deleted_by_id")),
        sa.ForeignKeyConstraint(
            ["handover_room_id"], ["handover_room.id"], name=op.f("fk_handover_doc_handover_room_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["handover_plan_doc.id"], name=op.f("fk_handover_doc_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_doc_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_doc")),
    )
    with op.batch_alter_table("handover_doc", schema=None) as batch_op:
        batch_op.create_index(
            "ix_handover_doc_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_doc_handover_room_id"), ["handover_room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_doc_item_id"), ["item_id"], unique=False)
        batch_op.create_index(
            "ix_handover_doc_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_handover_doc_handover_room_id_item_id",
            ["handover_room_id", "item_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "handover_fee",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("receipt_no", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=100), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_fee_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_fee_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_fee_deleted_by_id")),
        sa.ForeignKeyConstraint(
            ["handover_room_id"], ["handover_room.id"], name=op.f("fk_handover_fee_handover_room_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_fee_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_fee")),
    )
    with op.batch_alter_table("handover_fee", schema=None) as batch_op:
        batch_op.create_index(
            "ix_handover_fee_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_fee_handover_room_id"), ["handover_room_id"], unique=False)
        batch_op.create_index(
            "ix_handover_fee_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_handover_fee_project_id_receipt_no_prefix",
            ["project_id", "receipt_no"],
            unique=False,
            postgresql_ops={"receipt_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_handover_fee_receipt_no_prefix",
            ["receipt_no"],
            unique=False,
            postgresql_ops={"receipt_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_handover_fee_handover_room_id_item",
            ["handover_room_id", "item"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "handover_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("tracking_no", sa.String(length=60), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("return_reason", sa.String(length=100), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["handover_batch.id"], name=op.f("fk_handover_notice_batch_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_notice_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_notice_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_notice_deleted_by_id")),
        sa.ForeignKeyConstraint(
            ["handover_room_id"], ["handover_room.id"], name=op.f("fk_handover_notice_handover_room_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_notice_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_notice")),
    )
    with op.batch_alter_table("handover_notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handover_notice_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(
            "ix_handover_notice_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_notice_handover_room_id"), ["handover_room_id"], unique=False)
        batch_op.create_index(
            "ix_handover_notice_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_handover_notice_project_id_recipient_prefix",
            ["project_id", "recipient"],
            unique=False,
            postgresql_ops={"recipient": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_handover_notice_project_id_tracking_no_prefix",
            ["project_id", "tracking_no"],
            unique=False,
            postgresql_ops={"tracking_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_handover_notice_recipient_prefix",
            ["recipient"],
            unique=False,
            postgresql_ops={"recipient": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_handover_notice_tracking_no_prefix",
            ["tracking_no"],
            unique=False,
            postgresql_ops={"tracking_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_handover_notice_handover_room_id_batch_id",
            ["handover_room_id", "batch_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "handover_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handover_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("operator", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_handover_step_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_handover_step_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_handover_step_deleted_by_id")),
        sa.ForeignKeyConstraint(
            ["handover_room_id"], ["handover_room.id"], name=op.f("fk_handover_step_handover_room_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["handover_plan_step.id"], name=op.f("fk_handover_step_item_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_handover_step_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_step")),
    )
    with op.batch_alter_table("handover_step", schema=None) as batch_op:
        batch_op.create_index(
            "ix_handover_step_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handover_step_handover_room_id"), ["handover_room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_handover_step_item_id"), ["item_id"], unique=False)
        batch_op.create_index(
            "ix_handover_step_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_handover_step_handover_room_id_item_id",
            ["handover_room_id", "item_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("handover_step")
    op.drop_table("handover_notice")
    op.drop_table("handover_fee")
    op.drop_table("handover_doc")
    op.drop_table("key_record")
    op.drop_table("handover_scope")
    op.drop_table("handover_room")

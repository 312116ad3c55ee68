"""customers

Revision: 0005, after 0004

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

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVING = {"sqlite_where": sa.text("deleted_at IS NULL"), "postgresql_where": sa.text("deleted_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("cert_kind", sa.String(length=40), nullable=False),
        sa.Column("cert_no", sa.String(length=255), nullable=True),
        sa.Column("gender", sa.String(length=40), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("mobile", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("preferred_channel", sa.String(length=40), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("advisor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("cert_no_blind", sa.String(length=64), nullable=True),
        sa.Column("cert_no_tail", sa.String(length=64), nullable=True),
        sa.Column("mobile_blind", sa.String(length=64), nullable=True),
        sa.Column("mobile_tail", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["advisor_id"], ["user_profile.id"], name=op.f("fk_customer_advisor_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_customer_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_customer_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_customer_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_customer_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_advisor_id"), ["advisor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_cert_no_blind"), ["cert_no_blind"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_cert_no_tail"), ["cert_no_tail"], unique=False)
        batch_op.create_index("ix_customer_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_customer_mobile_blind"), ["mobile_blind"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_mobile_tail"), ["mobile_tail"], unique=False)
        batch_op.create_index(
            "ix_customer_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_customer_node_id_created_at_id", ["node_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_customer_node_id_cert_kind_cert_no", ["node_id", "cert_kind", "cert_no_blind"], unique=True, **LIVING
        )

    op.create_table(
        "customer_contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("mobile", sa.String(length=255), nullable=True),
        sa.Column("preferred_channel", sa.String(length=40), nullable=True),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("mobile_blind", sa.String(length=64), nullable=True),
        sa.Column("mobile_tail", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_customer_contact_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_customer_contact_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_contact_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_customer_contact_deleted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_contact")),
    )
    with op.batch_alter_table("customer_contact", schema=None) as batch_op:
        batch_op.create_index("ix_customer_contact_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_customer_contact_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_contact_mobile_blind"), ["mobile_blind"], unique=False)
        batch_op.create_index(batch_op.f("ix_customer_contact_mobile_tail"), ["mobile_tail"], unique=False)
        batch_op.create_index(
            "ix_customer_contact_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "uq_customer_contact_customer_id_name_relation", ["customer_id", "name", "relation"], unique=True, **LIVING
        )

    op.create_table(
        "customer_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_customer_tag_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_customer_tag_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_tag_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_customer_tag_deleted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_tag")),
    )
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.create_index("ix_customer_tag_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_customer_tag_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_customer_tag_tag_prefix", ["tag"], unique=False, postgresql_ops={"tag": "text_pattern_ops"}
        )
        batch_op.create_index("uq_customer_tag_customer_id_tag", ["customer_id", "tag"], unique=True, **LIVING)

    op.create_table(
        "owner_archive",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("archive_no", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("keeper", sa.String(length=40), nullable=True),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_owner_archive_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_owner_archive_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_owner_archive_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_owner_archive_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_owner_archive_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_owner_archive_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_archive")),
    )
    with op.batch_alter_table("owner_archive", schema=None) as batch_op:
        batch_op.create_index(
            "ix_owner_archive_archive_no_prefix",
            ["archive_no"],
            unique=False,
            postgresql_ops={"archive_no": "text_pattern_ops"},
        )
        batch_op.create_index("ix_owner_archive_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_owner_archive_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_owner_archive_place_prefix", ["place"], unique=False, postgresql_ops={"place": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_owner_archive_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(batch_op.f("ix_owner_archive_room_id"), ["room_id"], unique=False)
        batch_op.create_index("uq_owner_archive_room_id_archive_no", ["room_id", "archive_no"], unique=True, **LIVING)

    op.create_table(
        "ownership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("share", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("use", sa.String(length=40), nullable=True),
        sa.Column("contract_no", sa.String(length=60), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("delivery_due_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_ownership_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_ownership_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_ownership_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_ownership_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_ownership_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_ownership_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership")),
    )
    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ownership_contract_no_prefix",
            ["contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )
        batch_op.create_index("ix_ownership_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_ownership_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_ownership_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(batch_op.f("ix_ownership_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            "uq_ownership_room_id_customer_id_from_day", ["room_id", "customer_id", "from_day"], unique=True, **LIVING
        )

    op.create_table(
        "visit_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("visitor", sa.String(length=40), nullable=True),
        sa.Column("topic", sa.String(length=100), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_visit_record_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_visit_record_created_by_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_visit_record_customer_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_visit_record_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_visit_record_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_visit_record_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_record")),
    )
    with op.batch_alter_table("visit_record", schema=None) as batch_op:
        batch_op.create_index("ix_visit_record_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_visit_record_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(
            "ix_visit_record_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(batch_op.f("ix_visit_record_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            "ix_visit_record_topic_prefix", ["topic"], unique=False, postgresql_ops={"topic": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_visit_record_visitor_prefix", ["visitor"], unique=False, postgresql_ops={"visitor": "text_pattern_ops"}
        )


def downgrade() -> None:
    op.drop_table("visit_record")
    op.drop_table("ownership")
    op.drop_table("owner_archive")
    op.drop_table("customer_tag")
    op.drop_table("customer_contact")
    op.drop_table("customer")

"""inspection plans rooms issues lists and summaries

Revision: 0030, after 0029

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

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inspection_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("window", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_inspection_plan_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_inspection_plan_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_inspection_plan_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_inspection_plan_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_plan")),
    )
    with op.batch_alter_table("inspection_plan", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inspection_plan_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_inspection_plan_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_inspection_plan_project_id_title_prefix",
            ["project_id", "title"],
            unique=False,
            postgresql_ops={"title": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_inspection_plan_title_prefix", ["title"], unique=False, postgresql_ops={"title": "text_pattern_ops"}
        )
        batch_op.create_index(
            "uq_inspection_plan_project_id_title",
            ["project_id", "title"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "issue_dispatch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("contractor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("printed_by", sa.String(length=64), nullable=True),
        sa.Column("signed_by", sa.String(length=64), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_issue_dispatch_changed_by_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_issue_dispatch_contractor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_issue_dispatch_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_issue_dispatch_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_dispatch_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_dispatch")),
    )
    with op.batch_alter_table("issue_dispatch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issue_dispatch_contractor_id"), ["contractor_id"], unique=False)
        batch_op.create_index(
            "ix_issue_dispatch_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_issue_dispatch_number"), ["number"], unique=True)
        batch_op.create_index(
            "ix_issue_dispatch_number_prefix", ["number"], unique=False, postgresql_ops={"number": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_issue_dispatch_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_dispatch_project_id_number_prefix",
            ["project_id", "number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_issue_dispatch_project_id_signed_by_prefix",
            ["project_id", "signed_by"],
            unique=False,
            postgresql_ops={"signed_by": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_issue_dispatch_signed_by_prefix",
            ["signed_by"],
            unique=False,
            postgresql_ops={"signed_by": "text_pattern_ops"},
        )

    op.create_table(
        "inspection_summary",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=True),
        sa.Column("summary_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_inspection_summary_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_inspection_summary_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_inspection_summary_deleted_by_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["inspection_plan.id"], name=op.f("fk_inspection_summary_plan_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_inspection_summary_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_summary")),
    )
    with op.batch_alter_table("inspection_summary", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inspection_summary_author_prefix",
            ["author"],
            unique=False,
            postgresql_ops={"author": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_inspection_summary_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_inspection_summary_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(
            "ix_inspection_summary_project_id_author_prefix",
            ["project_id", "author"],
            unique=False,
            postgresql_ops={"author": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_inspection_summary_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_inspection_summary_project_id_subject_prefix",
            ["project_id", "subject"],
            unique=False,
            postgresql_ops={"subject": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_inspection_summary_subject_prefix",
            ["subject"],
            unique=False,
            postgresql_ops={"subject": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_inspection_summary_plan_id_subject",
            ["plan_id", "subject"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "inspection_room",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("inspector_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_inspection_room_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_inspection_room_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_inspection_room_deleted_by_id")),
        sa.ForeignKeyConstraint(["inspector_id"], ["user_profile.id"], name=op.f("fk_inspection_room_inspector_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["inspection_plan.id"], name=op.f("fk_inspection_room_plan_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_inspection_room_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_inspection_room_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_room")),
    )
    with op.batch_alter_table("inspection_room", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inspection_room_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_inspection_room_inspector_id"), ["inspector_id"], unique=False)
        batch_op.create_index(
            "ix_inspection_room_note_prefix", ["note"], unique=False, postgresql_ops={"note": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_inspection_room_plan_id"), ["plan_id"], unique=False)
        batch_op.create_index(
            "ix_inspection_room_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_inspection_room_project_id_note_prefix",
            ["project_id", "note"],
            unique=False,
            postgresql_ops={"note": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_inspection_room_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            "uq_inspection_room_plan_id_room_id",
            ["plan_id", "room_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "issue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("public_place", sa.String(length=100), nullable=True),
        sa.Column("inspection_room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("dispatch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("part_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("standard_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("x", sa.Numeric(precision=5, scale=4), nullable=True),
        sa.Column("y", sa.Numeric(precision=5, scale=4), nullable=True),
        sa.Column("contractor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contractor_reason", sa.String(length=200), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("rework_count", sa.Integer(), nullable=False),
        sa.Column("warranty_result", sa.String(length=40), nullable=True),
        sa.Column("handling", sa.String(length=40), nullable=True),
        sa.Column("solution", sa.String(length=200), nullable=True),
        sa.Column("representative", sa.String(length=64), nullable=True),
        sa.Column("represented_on", sa.Date(), nullable=True),
        sa.Column("reject_reason", sa.String(length=200), nullable=True),
        sa.Column("close_type", sa.String(length=40), nullable=True),
        sa.Column("close_by", sa.String(length=64), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_note", sa.String(length=200), nullable=True),
        sa.Column("entry_key", sa.String(length=40), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_issue_building_id")),
        sa.ForeignKeyConstraint(["category_id"], ["issue_category.id"], name=op.f("fk_issue_category_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_issue_changed_by_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_issue_contractor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_issue_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_issue_deleted_by_id")),
        sa.ForeignKeyConstraint(["dispatch_id"], ["issue_dispatch.id"], name=op.f("fk_issue_dispatch_id")),
        sa.ForeignKeyConstraint(
            ["inspection_room_id"], ["inspection_room.id"], name=op.f("fk_issue_inspection_room_id")
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_issue_part_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_issue_room_id")),
        sa.ForeignKeyConstraint(["standard_id"], ["issue_standard.id"], name=op.f("fk_issue_standard_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
    )
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issue_building_id"), ["building_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_issue_category_id"), ["category_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_issue_contractor_id"), ["contractor_id"], unique=False)
        batch_op.create_index("ix_issue_contractor_status", ["contractor_id", "status"], unique=False)
        batch_op.create_index(
            "ix_issue_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_description_prefix",
            ["description"],
            unique=False,
            postgresql_ops={"description": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_issue_dispatch_id"), ["dispatch_id"], unique=False)
        batch_op.create_index("ix_issue_entry_key", ["entry_key"], unique=True)
        batch_op.create_index(batch_op.f("ix_issue_inspection_room_id"), ["inspection_room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_issue_number"), ["number"], unique=True)
        batch_op.create_index(
            "ix_issue_number_prefix", ["number"], unique=False, postgresql_ops={"number": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_issue_part_id"), ["part_id"], unique=False)
        batch_op.create_index(
            "ix_issue_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_project_id_description_prefix",
            ["project_id", "description"],
            unique=False,
            postgresql_ops={"description": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_issue_project_id_number_prefix",
            ["project_id", "number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_issue_room_id"), ["room_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_issue_standard_id"), ["standard_id"], unique=False)
        batch_op.create_index("ix_issue_status_due_at", ["status", "due_at"], unique=False)

    op.create_table(
        "issue_fix",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("contractor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("solution", sa.String(length=200), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.String(length=64), nullable=True),
        sa.Column("representative", sa.String(length=64), nullable=True),
        sa.Column("represented_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_issue_fix_changed_by_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_issue_fix_contractor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_issue_fix_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_issue_fix_deleted_by_id")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_fix_issue_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_issue_fix_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_fix")),
    )
    with op.batch_alter_table("issue_fix", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issue_fix_contractor_id"), ["contractor_id"], unique=False)
        batch_op.create_index("ix_issue_fix_contractor_sent", ["contractor_id", "sent_at"], unique=False)
        batch_op.create_index(
            "ix_issue_fix_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_issue_fix_issue_id"), ["issue_id"], unique=False)
        batch_op.create_index(
            "ix_issue_fix_note_prefix", ["note"], unique=False, postgresql_ops={"note": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_issue_fix_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_fix_project_id_note_prefix",
            ["project_id", "note"],
            unique=False,
            postgresql_ops={"note": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_issue_fix_issue_id_round",
            ["issue_id", "round"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("issue_fix")
    op.drop_table("issue")
    op.drop_table("inspection_room")
    op.drop_table("inspection_summary")
    op.drop_table("issue_dispatch")
    op.drop_table("inspection_plan")

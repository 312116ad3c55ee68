"""parameter sheets and the day of going live

Revision: 0028, after 0027

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

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parameter_sheet",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_parameter_sheet_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_sheet")),
    )
    with op.batch_alter_table("parameter_sheet", schema=None) as batch_op:
        batch_op.create_index(
            "ix_parameter_sheet_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_parameter_sheet_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_parameter_sheet_node_id_number_prefix",
            ["node_id", "number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_parameter_sheet_node_id_title_prefix",
            ["node_id", "title"],
            unique=False,
            postgresql_ops={"title": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_parameter_sheet_number"), ["number"], unique=True)
        batch_op.create_index(
            "ix_parameter_sheet_number_prefix", ["number"], unique=False, postgresql_ops={"number": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_parameter_sheet_title_prefix", ["title"], unique=False, postgresql_ops={"title": "text_pattern_ops"}
        )

    op.create_table(
        "parameter_sheet_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_line_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_line_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_parameter_sheet_line_deleted_by_id")),
        sa.ForeignKeyConstraint(["sheet_id"], ["parameter_sheet.id"], name=op.f("fk_parameter_sheet_line_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parameter_sheet_line")),
    )
    with op.batch_alter_table("parameter_sheet_line", schema=None) as batch_op:
        batch_op.create_index(
            "ix_parameter_sheet_line_code_prefix", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_parameter_sheet_line_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_parameter_sheet_line_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_parameter_sheet_line_sheet_id"), ["sheet_id"], unique=False)

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.add_column(sa.Column("go_live_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_column("go_live_on")

    op.drop_table("parameter_sheet_line")
    op.drop_table("parameter_sheet")

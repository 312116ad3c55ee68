"""Monthly reports

Revision: 0037, after 0036

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

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monthly_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("analysis", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=100), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_monthly_report_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_monthly_report_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_monthly_report_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_monthly_report_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monthly_report")),
    )
    with op.batch_alter_table("monthly_report", schema=None) as batch_op:
        batch_op.create_index(
            "ix_monthly_report_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_monthly_report_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_monthly_report_node_id_month_edition",
            ["node_id", "month", "edition"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    op.create_table(
        "published_figure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("monthly_report_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("report", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.String(length=200), nullable=True),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_published_figure_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_published_figure_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_published_figure_deleted_by_id")),
        sa.ForeignKeyConstraint(
            ["monthly_report_id"], ["monthly_report.id"], name=op.f("fk_published_figure_monthly_report_id")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_published_figure_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_figure")),
    )
    with op.batch_alter_table("published_figure", schema=None) as batch_op:
        batch_op.create_index(
            "ix_published_figure_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_published_figure_monthly_report_id"), ["monthly_report_id"], unique=False)
        batch_op.create_index(
            "ix_published_figure_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "uq_published_figure_monthly_report_id_node_id_report",
            ["monthly_report_id", "node_id", "report"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("published_figure")
    op.drop_table("monthly_report")

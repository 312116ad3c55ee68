"""comments and ways into the operation log

Revision: 0016, after 0015

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

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_comment_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_comment_deleted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comment_created_by_id"), ["created_by_id"], unique=False)
        batch_op.create_index("ix_comment_row", ["table_name", "row_id", "id"], unique=False)

    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_log_user_id"))
        batch_op.create_index("ix_audit_log_action_id", ["action", "id"], unique=False)
        batch_op.create_index("ix_audit_log_address_id", ["address", "id"], unique=False)
        batch_op.create_index("ix_audit_log_request_id", ["request_id"], unique=False)
        batch_op.create_index("ix_audit_log_table_name_id", ["table_name", "id"], unique=False)
        batch_op.create_index("ix_audit_log_user_id_id", ["user_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_log_user_id_id")
        batch_op.drop_index("ix_audit_log_table_name_id")
        batch_op.drop_index("ix_audit_log_request_id")
        batch_op.drop_index("ix_audit_log_address_id")
        batch_op.drop_index("ix_audit_log_action_id")
        batch_op.create_index(batch_op.f("ix_audit_log_user_id"), ["user_id"], unique=False)

    op.drop_table("comment")

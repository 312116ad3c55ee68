"""words that rows are found by

Revision: 0015, after 0014

The tokens themselves are made after the last step by `models.kernel.search.bring_up`: about 30 s for a million rooms.

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

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    bytewise = sa.String(length=25).with_variant(sa.String(length=25, collation="C"), "postgresql")
    op.create_table(
        "search_token",
        sa.Column("of_table", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner_id", key, autoincrement=False, nullable=False),
        sa.Column("token", bytewise, nullable=False),
        sa.Column("row_id", key, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("of_table", "owner_id", "token", "row_id", name=op.f("pk_search_token")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_search_token_row", "search_token", ["of_table", "row_id", "token"], unique=False)
    op.create_table(
        "search_state",
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("rules", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("table_name", name=op.f("pk_search_state")),
    )


def downgrade() -> None:
    op.drop_table("search_state")
    op.drop_table("search_token")

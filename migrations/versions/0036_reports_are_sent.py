"""Reports are sent

Revision: 0036, after 0035

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

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("saved_export", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report", sa.String(length=64), server_default="", nullable=False))


def downgrade() -> None:
    op.execute("DELETE FROM saved_export WHERE report <> ''")
    with op.batch_alter_table("saved_export", schema=None) as batch_op:
        batch_op.drop_column("report")

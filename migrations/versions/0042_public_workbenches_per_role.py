"""Public workbenches per role

Revision: 0042, after 0041

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

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workbench", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role", sa.String(length=40), server_default="", nullable=False))
        batch_op.drop_constraint("uq_workbench_node_id", type_="unique")
        batch_op.create_unique_constraint("uq_workbench_node_id_role", ["node_id", "role"])


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM workbench WHERE role <> ''"))
    with op.batch_alter_table("workbench", schema=None) as batch_op:
        batch_op.drop_constraint("uq_workbench_node_id_role", type_="unique")
        batch_op.create_unique_constraint("uq_workbench_node_id", ["node_id"])
        batch_op.drop_column("role")

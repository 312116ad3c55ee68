"""scope lines have no key

Revision: 0034, after 0033

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

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("handover_scope", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("uq_handover_scope_plan_id_kind_building_id_unit_id_floor_room_i"),
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("handover_scope", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("uq_handover_scope_plan_id_kind_building_id_unit_id_floor_room_i"),
            ["plan_id", "kind", "building_id", "unit_id", "floor", "room_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

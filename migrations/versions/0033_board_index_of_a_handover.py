"""board index of a handover

Revision: 0033, after 0032

Before this goes to a database that people work with:
- All steps run in one transaction: other writers wait meanwhile. Fill a large table in batches, in a step of its own.
- A new required column needs a server_default, or old rows break it. Drop the default in a later step.
- A rename shows as a column dropped and one added, which loses data: write alter_column(new_column_name=...) instead.
- Drop a column only in the release after the one whose code stopped using it: both versions run during an upgrade.
- `downgrade` brings the shape back, never the data. Back up first.
- Import nothing of `models`: this file must still run when they have moved on.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("handover_room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handover_room_plan_version"))
        batch_op.create_index("ix_handover_room_board", ["plan_id", "version", "changed_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("handover_room", schema=None) as batch_op:
        batch_op.drop_index("ix_handover_room_board")
        batch_op.create_index(batch_op.f("ix_handover_room_plan_version"), ["plan_id", "version"], unique=False)

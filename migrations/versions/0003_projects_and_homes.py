"""projects and homes

Revision: 0003, after 0002

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

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LIVING = {"sqlite_where": sa.text("deleted_at IS NULL"), "postgresql_where": sa.text("deleted_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("promoted_name", sa.String(length=100), nullable=True),
        sa.Column("city", sa.String(length=40), nullable=True),
        sa.Column("area_code", sa.String(length=6), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("floor_area", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("contract_handover_on", sa.Date(), nullable=True),
        sa.Column("property_fee", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_changed_by_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_project_company_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_deleted_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_address_prefix", ["address"], unique=False, postgresql_ops={"address": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_city_prefix", ["city"], unique=False, postgresql_ops={"city": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_code_prefix", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_project_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_project_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index("uq_project_company_id_code", ["company_id", "code"], unique=True, **LIVING)

    op.create_table(
        "house_type",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rooms", sa.String(length=40), nullable=True),
        sa.Column("presale_area", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("facing", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_house_type_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_house_type_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_house_type_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_house_type_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_type")),
    )
    with op.batch_alter_table("house_type", schema=None) as batch_op:
        batch_op.create_index("ix_house_type_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_house_type_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_house_type_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "ix_house_type_rooms_prefix", ["rooms"], unique=False, postgresql_ops={"rooms": "text_pattern_ops"}
        )
        batch_op.create_index("uq_house_type_project_id_name", ["project_id", "name"], unique=True, **LIVING)

    op.create_table(
        "phase",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("handover_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_phase_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_phase_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_phase_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_phase_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phase")),
    )
    with op.batch_alter_table("phase", schema=None) as batch_op:
        batch_op.create_index("ix_phase_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_phase_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_phase_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_phase_project_id_name", ["project_id", "name"], unique=True, **LIVING)

    op.create_table(
        "building",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("phase_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("floors", sa.Integer(), nullable=True),
        sa.Column("completion_accepted_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_building_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_building_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_building_deleted_by_id")),
        sa.ForeignKeyConstraint(["phase_id"], ["phase.id"], name=op.f("fk_building_phase_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_building_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building")),
    )
    with op.batch_alter_table("building", schema=None) as batch_op:
        batch_op.create_index("ix_building_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_building_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(batch_op.f("ix_building_phase_id"), ["phase_id"], unique=False)
        batch_op.create_index(
            "ix_building_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_building_project_id_name", ["project_id", "name"], unique=True, **LIVING)

    op.create_table(
        "house_type_part",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("house_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("area", sa.Numeric(precision=8, scale=2), nullable=True),
        sa.Column("plan_x", sa.Integer(), nullable=True),
        sa.Column("plan_y", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_house_type_part_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_house_type_part_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_house_type_part_deleted_by_id")),
        sa.ForeignKeyConstraint(["house_type_id"], ["house_type.id"], name=op.f("fk_house_type_part_house_type_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_house_type_part_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_type_part")),
    )
    with op.batch_alter_table("house_type_part", schema=None) as batch_op:
        batch_op.create_index("ix_house_type_part_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_house_type_part_house_type_id"), ["house_type_id"], unique=False)
        batch_op.create_index(
            "ix_house_type_part_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_house_type_part_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_house_type_part_house_type_id_name", ["house_type_id", "name"], unique=True, **LIVING)

    op.create_table(
        "building_progress",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_building_progress_building_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_building_progress_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_building_progress_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_building_progress_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_building_progress_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_building_progress")),
    )
    with op.batch_alter_table("building_progress", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_building_progress_building_id"), ["building_id"], unique=False)
        batch_op.create_index("ix_building_progress_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_building_progress_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_building_progress_building_id_stage", ["building_id", "stage"], unique=True, **LIVING)

    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("lifts", sa.Integer(), nullable=True),
        sa.Column("homes_per_floor", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_unit_building_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_unit_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_unit_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_unit_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_unit_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_building_id"), ["building_id"], unique=False)
        batch_op.create_index("ix_unit_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_unit_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_unit_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_unit_building_id_name", ["building_id", "name"], unique=True, **LIVING)

    op.create_table(
        "room",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("no", sa.String(length=20), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("storey", sa.Integer(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("house_type_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facing", sa.String(length=20), nullable=True),
        sa.Column("presale_area", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("actual_area", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("inner_area", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("total_price", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("sale_state", sa.String(length=40), nullable=False),
        sa.Column("handover_state", sa.String(length=40), nullable=False),
        sa.Column("title_state", sa.String(length=40), nullable=False),
        sa.Column("state_reason", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_room_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_room_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_room_deleted_by_id")),
        sa.ForeignKeyConstraint(["house_type_id"], ["house_type.id"], name=op.f("fk_room_house_type_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_room_project_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_room_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index("ix_room_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(batch_op.f("ix_room_house_type_id"), ["house_type_id"], unique=False)
        batch_op.create_index("ix_room_no_prefix", ["no"], unique=False, postgresql_ops={"no": "text_pattern_ops"})
        batch_op.create_index(
            "ix_room_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("ix_room_project_sale", ["project_id", "sale_state"], unique=False)
        batch_op.create_index(batch_op.f("ix_room_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index("uq_room_unit_id_no", ["unit_id", "no"], unique=True, **LIVING)

    op.create_table(
        "room_change_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("room_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=True),
        sa.Column("after", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_room_change_log_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_room_change_log_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_room_change_log_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_room_change_log_project_id")),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_room_change_log_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_change_log")),
    )
    with op.batch_alter_table("room_change_log", schema=None) as batch_op:
        batch_op.create_index("ix_room_change_log_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_room_change_log_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(batch_op.f("ix_room_change_log_room_id"), ["room_id"], unique=False)


def downgrade() -> None:
    op.drop_table("room_change_log")
    op.drop_table("room")
    op.drop_table("unit")
    op.drop_table("building_progress")
    op.drop_table("house_type_part")
    op.drop_table("building")
    op.drop_table("phase")
    op.drop_table("house_type")
    op.drop_table("project")

"""standards time limits scopes and key nodes

Revision: 0023, after 0022

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

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issue_standard",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wording", sa.String(length=120), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("repair_hours", sa.Integer(), nullable=True),
        sa.Column("warranty_item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("overridable", sa.Boolean(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["category_id"], ["issue_category.id"], name=op.f("fk_issue_standard_category_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_issue_standard_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_issue_standard_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_issue_standard_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_issue_standard_node_id")),
        sa.ForeignKeyConstraint(
            ["warranty_item_id"], ["warranty_item.id"], name=op.f("fk_issue_standard_warranty_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_standard")),
    )
    with op.batch_alter_table("issue_standard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issue_standard_category_id"), ["category_id"], unique=False)
        batch_op.create_index(
            "ix_issue_standard_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_standard_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_issue_standard_node_id_wording_prefix",
            ["node_id", "wording"],
            unique=False,
            postgresql_ops={"wording": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_issue_standard_warranty_item_id"), ["warranty_item_id"], unique=False)
        batch_op.create_index(
            "ix_issue_standard_wording_prefix",
            ["wording"],
            unique=False,
            postgresql_ops={"wording": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_issue_standard_from_day_node_id_code",
            ["from_day", "node_id", "code"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
    op.create_table(
        "sla_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("clock", sa.String(length=40), nullable=False),
        sa.Column("task_kind", sa.String(length=40), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("counted", sa.String(length=40), nullable=False),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("overridable", sa.Boolean(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["category_id"], ["issue_category.id"], name=op.f("fk_sla_rule_category_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_sla_rule_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_sla_rule_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_sla_rule_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_sla_rule_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_rule")),
    )
    with op.batch_alter_table("sla_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sla_rule_category_id"), ["category_id"], unique=False)
        batch_op.create_index(
            "ix_sla_rule_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_sla_rule_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_sla_rule_node_id_remark_prefix",
            ["node_id", "remark"],
            unique=False,
            postgresql_ops={"remark": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_sla_rule_remark_prefix", ["remark"], unique=False, postgresql_ops={"remark": "text_pattern_ops"}
        )
        batch_op.create_index(
            "uq_sla_rule_from_day_node_id_code",
            ["from_day", "node_id", "code"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
    op.create_table(
        "project_key_node",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("definition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("responsible_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("recorder", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("reopen_reason", sa.String(length=200), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_key_node_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_key_node_created_by_id")),
        sa.ForeignKeyConstraint(["definition_id"], ["key_node_def.id"], name=op.f("fk_project_key_node_definition_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_key_node_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_key_node_project_id")),
        sa.ForeignKeyConstraint(
            ["responsible_id"], ["user_profile.id"], name=op.f("fk_project_key_node_responsible_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_key_node")),
    )
    with op.batch_alter_table("project_key_node", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_key_node_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_project_key_node_definition_id"), ["definition_id"], unique=False)
        batch_op.create_index(
            "ix_project_key_node_note_prefix", ["note"], unique=False, postgresql_ops={"note": "text_pattern_ops"}
        )
        batch_op.create_index("ix_project_key_node_planned", ["state", "planned_on"], unique=False)
        batch_op.create_index(
            "ix_project_key_node_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_project_key_node_project_id_note_prefix",
            ["project_id", "note"],
            unique=False,
            postgresql_ops={"note": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_project_key_node_responsible_id"), ["responsible_id"], unique=False)
        batch_op.create_index(
            "uq_project_key_node_project_id_definition_id",
            ["project_id", "definition_id"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
    op.create_table(
        "contractor_scope",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contractor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("category_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("contract_no", sa.String(length=60), nullable=True),
        sa.Column("retention", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("remark", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_contractor_scope_building_id")),
        sa.ForeignKeyConstraint(["category_id"], ["issue_category.id"], name=op.f("fk_contractor_scope_category_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_contractor_scope_changed_by_id")),
        sa.ForeignKeyConstraint(["contractor_id"], ["contractor.id"], name=op.f("fk_contractor_scope_contractor_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_contractor_scope_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_contractor_scope_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_contractor_scope_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contractor_scope")),
    )
    with op.batch_alter_table("contractor_scope", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contractor_scope_building_id"), ["building_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contractor_scope_category_id"), ["category_id"], unique=False)
        batch_op.create_index(
            "ix_contractor_scope_contract_no_prefix",
            ["contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_contractor_scope_contractor_id"), ["contractor_id"], unique=False)
        batch_op.create_index(
            "ix_contractor_scope_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_contractor_scope_project_id_contract_no_prefix",
            ["project_id", "contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_contractor_scope_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("contractor_scope")
    op.drop_table("project_key_node")
    op.drop_table("sla_rule")
    op.drop_table("issue_standard")

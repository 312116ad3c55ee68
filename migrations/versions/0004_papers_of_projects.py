"""papers of projects

Revision: 0004, after 0003

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

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LIVING = {"sqlite_where": sa.text("deleted_at IS NULL"), "postgresql_where": sa.text("deleted_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "project_acceptance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=False),
        sa.Column("organiser", sa.String(length=100), nullable=True),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_acceptance_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_acceptance_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_acceptance_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_acceptance_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_acceptance")),
    )
    with op.batch_alter_table("project_acceptance", schema=None) as batch_op:
        batch_op.create_index("ix_project_acceptance_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_acceptance_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_acceptance_number_prefix",
            ["number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_acceptance_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_project_acceptance_project_id_name_accepted_on",
            ["project_id", "name", "accepted_on"],
            unique=True,
            **LIVING,
        )

    op.create_table(
        "project_demolition",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("permit_no", sa.String(length=80), nullable=False),
        sa.Column("households", sa.Integer(), nullable=True),
        sa.Column("area_note", sa.String(length=200), nullable=True),
        sa.Column("compensation", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_demolition_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_demolition_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_demolition_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_demolition_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_demolition")),
    )
    with op.batch_alter_table("project_demolition", schema=None) as batch_op:
        batch_op.create_index("ix_project_demolition_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_demolition_permit_no_prefix",
            ["permit_no"],
            unique=False,
            postgresql_ops={"permit_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_demolition_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_project_demolition_project_id_permit_no", ["project_id", "permit_no"], unique=True, **LIVING
        )

    op.create_table(
        "project_facility",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("finished_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_facility_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_facility_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_facility_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_facility_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_facility")),
    )
    with op.batch_alter_table("project_facility", schema=None) as batch_op:
        batch_op.create_index("ix_project_facility_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_facility_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_facility_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_project_facility_project_id_name", ["project_id", "name"], unique=True, **LIVING)

    op.create_table(
        "project_filing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=True),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_filing_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_filing_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_filing_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_filing_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_filing")),
    )
    with op.batch_alter_table("project_filing", schema=None) as batch_op:
        batch_op.create_index("ix_project_filing_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_filing_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_filing_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index("uq_project_filing_project_id_name", ["project_id", "name"], unique=True, **LIVING)

    op.create_table(
        "project_mortgage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("contract_no", sa.String(length=60), nullable=False),
        sa.Column("bank", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_mortgage_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_mortgage_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_mortgage_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_mortgage_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_mortgage")),
    )
    with op.batch_alter_table("project_mortgage", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_mortgage_bank_prefix", ["bank"], unique=False, postgresql_ops={"bank": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_mortgage_contract_no_prefix",
            ["contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )
        batch_op.create_index("ix_project_mortgage_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_mortgage_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_project_mortgage_project_id_contract_no", ["project_id", "contract_no"], unique=True, **LIVING
        )

    op.create_table(
        "project_party",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("contact", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_party_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_party_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_party_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_party_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_party")),
    )
    with op.batch_alter_table("project_party", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_party_contact_prefix", ["contact"], unique=False, postgresql_ops={"contact": "text_pattern_ops"}
        )
        batch_op.create_index("ix_project_party_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_party_name_prefix", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_party_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_project_party_project_id_kind_name", ["project_id", "kind", "name"], unique=True, **LIVING
        )

    op.create_table(
        "project_supervision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("company", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("engineer", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_supervision_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_supervision_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_supervision_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_supervision_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_supervision")),
    )
    with op.batch_alter_table("project_supervision", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_supervision_company_prefix",
            ["company"],
            unique=False,
            postgresql_ops={"company": "text_pattern_ops"},
        )
        batch_op.create_index("ix_project_supervision_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_supervision_engineer_prefix",
            ["engineer"],
            unique=False,
            postgresql_ops={"engineer": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_supervision_project_id_created_at_id",
            ["project_id", "created_at", "id"],
            unique=False,
            **LIVING,
        )
        batch_op.create_index(
            "uq_project_supervision_project_id_company_scope", ["project_id", "company", "scope"], unique=True, **LIVING
        )

    op.create_table(
        "project_tax",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.Numeric(precision=16, scale=2), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("receipt_no", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_tax_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_tax_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_tax_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_tax_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_tax")),
    )
    with op.batch_alter_table("project_tax", schema=None) as batch_op:
        batch_op.create_index("ix_project_tax_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_tax_item_prefix", ["item"], unique=False, postgresql_ops={"item": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_tax_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "ix_project_tax_receipt_no_prefix",
            ["receipt_no"],
            unique=False,
            postgresql_ops={"receipt_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "uq_project_tax_project_id_receipt_no", ["project_id", "receipt_no"], unique=True, **LIVING
        )

    op.create_table(
        "project_permit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("issuer", sa.String(length=100), nullable=True),
        sa.Column("building_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("coverage", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["building.id"], name=op.f("fk_project_permit_building_id")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_project_permit_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_project_permit_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_project_permit_deleted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_permit_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_permit")),
    )
    with op.batch_alter_table("project_permit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_permit_building_id"), ["building_id"], unique=False)
        batch_op.create_index("ix_project_permit_created_at_id", ["created_at", "id"], unique=False, **LIVING)
        batch_op.create_index(
            "ix_project_permit_issuer_prefix", ["issuer"], unique=False, postgresql_ops={"issuer": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_permit_number_prefix", ["number"], unique=False, postgresql_ops={"number": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_project_permit_project_id_created_at_id", ["project_id", "created_at", "id"], unique=False, **LIVING
        )
        batch_op.create_index(
            "uq_project_permit_project_id_kind_number", ["project_id", "kind", "number"], unique=True, **LIVING
        )


def downgrade() -> None:
    op.drop_table("project_permit")
    op.drop_table("project_tax")
    op.drop_table("project_supervision")
    op.drop_table("project_party")
    op.drop_table("project_mortgage")
    op.drop_table("project_filing")
    op.drop_table("project_facility")
    op.drop_table("project_demolition")
    op.drop_table("project_acceptance")

"""Prefix search within an owner

Revision: 0007, after 0006

Before this goes to a database that people work with:
- All steps run in one transaction: other writers wait meanwhile. Fill a large table in batches, in a step of its own.
- A new required column needs a server_default, or old rows break it. Drop the default in a later step.
- A rename shows as a column dropped and one added, which loses data: write alter_column(new_column_name=...) instead.
- Drop a column only in the release after the one whose code stopped using it: both versions run during an upgrade.
- `downgrade` brings the shape back, never the data. Back up first.
- Import nothing of `models`: this file must still run when they have moved on.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("building", schema=None) as batch_op:
        batch_op.create_index(
            "ix_building_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_node_id_name_prefix",
            ["node_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.create_index(
            "ix_grant_node_id_role_prefix",
            ["node_id", "role"],
            unique=False,
            postgresql_ops={"role": "text_pattern_ops"},
        )

    with op.batch_alter_table("house_type", schema=None) as batch_op:
        batch_op.create_index(
            "ix_house_type_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_house_type_project_id_rooms_prefix",
            ["project_id", "rooms"],
            unique=False,
            postgresql_ops={"rooms": "text_pattern_ops"},
        )

    with op.batch_alter_table("house_type_part", schema=None) as batch_op:
        batch_op.create_index(
            "ix_house_type_part_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("owner_archive", schema=None) as batch_op:
        batch_op.create_index(
            "ix_owner_archive_project_id_archive_no_prefix",
            ["project_id", "archive_no"],
            unique=False,
            postgresql_ops={"archive_no": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_owner_archive_project_id_place_prefix",
            ["project_id", "place"],
            unique=False,
            postgresql_ops={"place": "text_pattern_ops"},
        )

    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ownership_project_id_contract_no_prefix",
            ["project_id", "contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )

    with op.batch_alter_table("phase", schema=None) as batch_op:
        batch_op.create_index(
            "ix_phase_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_acceptance", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_acceptance_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_acceptance_project_id_number_prefix",
            ["project_id", "number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_demolition", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_demolition_project_id_permit_no_prefix",
            ["project_id", "permit_no"],
            unique=False,
            postgresql_ops={"permit_no": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_facility", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_facility_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_filing", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_filing_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_mortgage", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_mortgage_project_id_bank_prefix",
            ["project_id", "bank"],
            unique=False,
            postgresql_ops={"bank": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_mortgage_project_id_contract_no_prefix",
            ["project_id", "contract_no"],
            unique=False,
            postgresql_ops={"contract_no": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_party", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_party_project_id_contact_prefix",
            ["project_id", "contact"],
            unique=False,
            postgresql_ops={"contact": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_party_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_permit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_permit_project_id_issuer_prefix",
            ["project_id", "issuer"],
            unique=False,
            postgresql_ops={"issuer": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_permit_project_id_number_prefix",
            ["project_id", "number"],
            unique=False,
            postgresql_ops={"number": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_supervision", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_supervision_project_id_company_prefix",
            ["project_id", "company"],
            unique=False,
            postgresql_ops={"company": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_supervision_project_id_engineer_prefix",
            ["project_id", "engineer"],
            unique=False,
            postgresql_ops={"engineer": "text_pattern_ops"},
        )

    with op.batch_alter_table("project_tax", schema=None) as batch_op:
        batch_op.create_index(
            "ix_project_tax_project_id_item_prefix",
            ["project_id", "item"],
            unique=False,
            postgresql_ops={"item": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_project_tax_project_id_receipt_no_prefix",
            ["project_id", "receipt_no"],
            unique=False,
            postgresql_ops={"receipt_no": "text_pattern_ops"},
        )

    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(
            "ix_room_project_id_no_prefix",
            ["project_id", "no"],
            unique=False,
            postgresql_ops={"no": "text_pattern_ops"},
        )

    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_unit_project_id_name_prefix",
            ["project_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("user_profile", schema=None) as batch_op:
        batch_op.create_index(
            "ix_user_profile_node_id_login_prefix",
            ["node_id", "login"],
            unique=False,
            postgresql_ops={"login": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_user_profile_node_id_name_prefix",
            ["node_id", "name"],
            unique=False,
            postgresql_ops={"name": "text_pattern_ops"},
        )

    with op.batch_alter_table("visit_record", schema=None) as batch_op:
        batch_op.create_index(
            "ix_visit_record_project_id_topic_prefix",
            ["project_id", "topic"],
            unique=False,
            postgresql_ops={"topic": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_visit_record_project_id_visitor_prefix",
            ["project_id", "visitor"],
            unique=False,
            postgresql_ops={"visitor": "text_pattern_ops"},
        )


def downgrade() -> None:
    with op.batch_alter_table("visit_record", schema=None) as batch_op:
        batch_op.drop_index("ix_visit_record_project_id_visitor_prefix", postgresql_ops={"visitor": "text_pattern_ops"})
        batch_op.drop_index("ix_visit_record_project_id_topic_prefix", postgresql_ops={"topic": "text_pattern_ops"})

    with op.batch_alter_table("user_profile", schema=None) as batch_op:
        batch_op.drop_index("ix_user_profile_node_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})
        batch_op.drop_index("ix_user_profile_node_id_login_prefix", postgresql_ops={"login": "text_pattern_ops"})

    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index("ix_unit_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index("ix_room_project_id_no_prefix", postgresql_ops={"no": "text_pattern_ops"})

    with op.batch_alter_table("project_tax", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_project_tax_project_id_receipt_no_prefix", postgresql_ops={"receipt_no": "text_pattern_ops"}
        )
        batch_op.drop_index("ix_project_tax_project_id_item_prefix", postgresql_ops={"item": "text_pattern_ops"})

    with op.batch_alter_table("project_supervision", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_project_supervision_project_id_engineer_prefix", postgresql_ops={"engineer": "text_pattern_ops"}
        )
        batch_op.drop_index(
            "ix_project_supervision_project_id_company_prefix", postgresql_ops={"company": "text_pattern_ops"}
        )

    with op.batch_alter_table("project_permit", schema=None) as batch_op:
        batch_op.drop_index("ix_project_permit_project_id_number_prefix", postgresql_ops={"number": "text_pattern_ops"})
        batch_op.drop_index("ix_project_permit_project_id_issuer_prefix", postgresql_ops={"issuer": "text_pattern_ops"})

    with op.batch_alter_table("project_party", schema=None) as batch_op:
        batch_op.drop_index("ix_project_party_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})
        batch_op.drop_index(
            "ix_project_party_project_id_contact_prefix", postgresql_ops={"contact": "text_pattern_ops"}
        )

    with op.batch_alter_table("project_mortgage", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_project_mortgage_project_id_contract_no_prefix", postgresql_ops={"contract_no": "text_pattern_ops"}
        )
        batch_op.drop_index("ix_project_mortgage_project_id_bank_prefix", postgresql_ops={"bank": "text_pattern_ops"})

    with op.batch_alter_table("project_filing", schema=None) as batch_op:
        batch_op.drop_index("ix_project_filing_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("project_facility", schema=None) as batch_op:
        batch_op.drop_index("ix_project_facility_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("project_demolition", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_project_demolition_project_id_permit_no_prefix", postgresql_ops={"permit_no": "text_pattern_ops"}
        )

    with op.batch_alter_table("project_acceptance", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_project_acceptance_project_id_number_prefix", postgresql_ops={"number": "text_pattern_ops"}
        )
        batch_op.drop_index("ix_project_acceptance_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("phase", schema=None) as batch_op:
        batch_op.drop_index("ix_phase_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("ownership", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ownership_project_id_contract_no_prefix", postgresql_ops={"contract_no": "text_pattern_ops"}
        )

    with op.batch_alter_table("owner_archive", schema=None) as batch_op:
        batch_op.drop_index("ix_owner_archive_project_id_place_prefix", postgresql_ops={"place": "text_pattern_ops"})
        batch_op.drop_index(
            "ix_owner_archive_project_id_archive_no_prefix", postgresql_ops={"archive_no": "text_pattern_ops"}
        )

    with op.batch_alter_table("house_type_part", schema=None) as batch_op:
        batch_op.drop_index("ix_house_type_part_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("house_type", schema=None) as batch_op:
        batch_op.drop_index("ix_house_type_project_id_rooms_prefix", postgresql_ops={"rooms": "text_pattern_ops"})
        batch_op.drop_index("ix_house_type_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.drop_index("ix_grant_node_id_role_prefix", postgresql_ops={"role": "text_pattern_ops"})

    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_node_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

    with op.batch_alter_table("building", schema=None) as batch_op:
        batch_op.drop_index("ix_building_project_id_name_prefix", postgresql_ops={"name": "text_pattern_ops"})

"""Option lists

Revision: 0017, after 0016

Before this goes to a database that people work with:
- All steps run in one transaction: other writers wait meanwhile. Fill a large table in batches, in a step of its own.
- A new required column needs a server_default, or old rows break it. Drop the default in a later step.
- A rename shows as a column dropped and one added, which loses data: write alter_column(new_column_name=...) instead.
- Drop a column only in the release after the one whose code stopped using it: both versions run during an upgrade.
- `downgrade` brings the shape back, never the data. Back up first.
- Import nothing of `models`: this file must still run when they have moved on.
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

FIRST = {
    "visit_purpose": (
        ("care", "日常关怀", "Care", None),
        ("handover", "交付前沟通", "Before handover", None),
        ("complaint", "投诉沟通", "Complaint", None),
        ("survey", "满意度调研", "Survey", None),
        ("other", "其他", "Other", None),
    ),
    "customer_tag": (
        ("first_home", "首次置业", "First home", None),
        ("upgrade", "改善置业", "Better home", None),
        ("investor", "投资置业", "Investor", None),
        ("referral", "老带新", "Brought by an owner", None),
        ("mortgage", "按揭客户", "Mortgage", None),
        ("elderly", "有老人同住", "Elderly at home", None),
        ("pupils", "有学龄儿童", "Pupils at home", None),
        ("elsewhere", "异地业主", "Lives elsewhere", None),
        ("sensitive", "投诉敏感", "Complaint-prone", "red"),
        ("opinion", "意见领袖", "Opinion leader", "purple"),
        ("holidays", "节假日方便联系", "Reach on holidays", None),
        ("company", "企业业主", "Company owner", None),
    ),
}
"""What the lists begin with, as the reference seed of this release has it."""


def _lists(connection: sa.Connection) -> None:
    """Fills the lists of a console that is in use, and gives tags that were written freely a code each."""
    known = sa.MetaData()
    node, item = (sa.Table(name, known, autoload_with=connection) for name in ("node", "dict_item"))
    tag = sa.Table("customer_tag", known, autoload_with=connection)
    top = connection.execute(
        sa.select(node.c.id).where(node.c.kind == "group", node.c.deleted_at.is_(None)).order_by(node.c.id).limit(1)
    ).scalar()
    if top is None:
        return  # a new console: the reference seed fills them
    codes = {zh: code for code, zh, _en, _tone in FIRST["customer_tag"]}
    free: dict[str, str] = {}
    for (text,) in connection.execute(sa.select(tag.c.tag).distinct().order_by(tag.c.tag)).all():
        code = codes.get(text) or text.replace(",", "，").strip()
        if code not in codes.values():
            free.setdefault(code, text)
        if code != text:
            connection.execute(sa.update(tag).where(tag.c.tag == text).values(tag=code))
    now = datetime.now(UTC)
    rows = [(name, *each) for name, values in FIRST.items() for each in values]
    rows += [("customer_tag", code, text, text, None) for code, text in free.items()]
    for place, (name, code, zh, en, tone) in enumerate(rows, 1):
        connection.execute(
            sa.insert(item).values(
                node_id=top,
                dict_code=name,
                code=code,
                label_zh=zh,
                label_en=en,
                tone=tone,
                sort=place * 10,
                enabled=True,
                overridable=code != "sensitive",
                from_day=date(2000, 1, 1),
                created_at=now,
                changed_at=now,
                version=1,
            )
        )


def upgrade() -> None:
    op.create_table(
        "dict_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dict_code", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label_zh", sa.String(length=60), nullable=False),
        sa.Column("label_en", sa.String(length=60), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("tone", sa.String(length=40), nullable=True),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("overridable", sa.Boolean(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["ab_user.id"], name=op.f("fk_dict_item_changed_by_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["ab_user.id"], name=op.f("fk_dict_item_created_by_id")),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["ab_user.id"], name=op.f("fk_dict_item_deleted_by_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_dict_item_node_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["dict_item.id"], name=op.f("fk_dict_item_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dict_item")),
    )
    with op.batch_alter_table("dict_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_dict_item_code_prefix", ["code"], unique=False, postgresql_ops={"code": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_dict_item_created_at_id",
            ["created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_dict_item_label_zh_prefix", ["label_zh"], unique=False, postgresql_ops={"label_zh": "text_pattern_ops"}
        )
        batch_op.create_index(
            "ix_dict_item_node_id_code_prefix",
            ["node_id", "code"],
            unique=False,
            postgresql_ops={"code": "text_pattern_ops"},
        )
        batch_op.create_index(
            "ix_dict_item_node_id_created_at_id",
            ["node_id", "created_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )
        batch_op.create_index(
            "ix_dict_item_node_id_label_zh_prefix",
            ["node_id", "label_zh"],
            unique=False,
            postgresql_ops={"label_zh": "text_pattern_ops"},
        )
        batch_op.create_index(batch_op.f("ix_dict_item_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(
            "uq_dict_item_dict_code_code_node_id_from_day",
            ["dict_code", "code", "node_id", "from_day"],
            unique=True,
            sqlite_where=sa.text("deleted_at IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL"),
        )

    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_tag_tag_prefix")
    _lists(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("customer_tag", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_tag_tag_prefix", ["tag"], unique=False, postgresql_ops={"tag": "text_pattern_ops"}
        )

    op.drop_table("dict_item")

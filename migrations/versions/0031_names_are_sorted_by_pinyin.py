"""names are sorted by pinyin

Revision: 0031, after 0030

Before this goes to a database that people work with:
- The collation is PostgreSQL's own (ICU, numbers by size); it needs the right to create in the schema, which its owner has.
- Import nothing of `models`: this file must still run when they have moved on.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE COLLATION IF NOT EXISTS by_pinyin (provider = icu, locale = 'zh-u-kn-true')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP COLLATION IF EXISTS by_pinyin")

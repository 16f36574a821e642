"""users"""

from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"


def upgrade():
    op.add_column("users", sa.Column("name", sa.String(50)))


def downgrade():
    print("cannot undo")

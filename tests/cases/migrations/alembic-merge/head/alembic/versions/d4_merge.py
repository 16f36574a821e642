"""users"""

from alembic import op
import sqlalchemy as sa

revision = "d4"
down_revision = ("b2", "c3")


def upgrade():
    pass


def downgrade():
    pass

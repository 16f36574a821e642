"""users"""
from alembic import op
import sqlalchemy as sa

revision = "b2"
down_revision = "a1"


def upgrade():
    match = lambda: (yield



def downgrade():
    pass

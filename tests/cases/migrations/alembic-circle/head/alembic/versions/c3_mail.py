"""users"""

from alembic import op
import sqlalchemy as sa

revision = "c3"
down_revision = "b2"


def upgrade():
    op.add_column("users", sa.Column("mail", sa.Text()))


def downgrade():
    op.drop_column("users", "mail")

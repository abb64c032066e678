"""Trades whose fees were paid in the discount asset."""

from alembic import op

revision = "0006_fee_assets"
down_revision = "0005_margin"
branch_labels = None
depends_on = None

_COLUMNS = ("taker_fee_asset", "maker_fee_asset")  # 0: the asset received


def upgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE history.trades ADD COLUMN {column} integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE history.trades DROP COLUMN {column}")

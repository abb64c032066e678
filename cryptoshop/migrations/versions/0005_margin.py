"""History of margin: loans, what was done about levels, rates by the hour, index prices by the minute."""

from alembic import op

revision = "0005_margin"
down_revision = "0004_orders"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE history.loans (
        seq bigint PRIMARY KEY,
        kind smallint NOT NULL,  -- 27 borrowed, 28 repaid, 29 lent, 30 redeemed, 47 bad debt
        account integer NOT NULL,
        asset integer NOT NULL,
        id_hi bigint NOT NULL,  -- of the command; 0 where an order or a liquidation caused it
        id_lo bigint NOT NULL,
        reason integer NOT NULL,
        amount bigint NOT NULL,
        part bigint NOT NULL,  -- repaid, bad debt: of the interest; lent, redeemed: shares
        grown bigint NOT NULL,  -- by how much the interest grew since the row before
        principal bigint NOT NULL,  -- afterwards; lent, redeemed: the lender's shares
        interest bigint NOT NULL,  -- afterwards
        rate bigint NOT NULL,  -- hourly, 10**9 is the whole principal
        reserve bigint NOT NULL,  -- repaid: what of the interest went to the insurance
        time_ns bigint NOT NULL
    )
    """,
    "CREATE INDEX loans_of_account ON history.loans (account, seq)",
    "CREATE INDEX loans_of_asset ON history.loans (account, asset, seq)",
    """
    CREATE TABLE history.margin_events (
        seq bigint PRIMARY KEY,
        kind smallint NOT NULL,  -- 43 margin call, 44 liquidation started, 45 liquidation, 46 liquidation ended, 47 bad debt
        account integer NOT NULL,
        asset integer NOT NULL,
        symbol integer NOT NULL,
        order_id bigint NOT NULL,
        price_ticks bigint NOT NULL,
        amount bigint NOT NULL,
        fee bigint NOT NULL,
        interest bigint NOT NULL,
        covered bigint NOT NULL,
        lost bigint NOT NULL,
        level_ppm bigint NOT NULL,
        assets_value bigint NOT NULL,
        debts_value bigint NOT NULL,
        time_ns bigint NOT NULL
    )
    """,
    "CREATE INDEX margin_events_of_account ON history.margin_events (account, seq)",
    """
    CREATE TABLE history.rates (
        asset integer NOT NULL,
        hour bigint NOT NULL,  -- since 1970
        rate bigint NOT NULL,
        PRIMARY KEY (asset, hour)
    )
    """,
    """
    CREATE TABLE history.index_prices (
        asset integer NOT NULL,
        minute_ns bigint NOT NULL,
        price bigint NOT NULL,
        sources smallint NOT NULL,  -- how many made it; 0 = frozen
        time_ns bigint NOT NULL,
        PRIMARY KEY (asset, minute_ns)
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("loans", "margin_events", "rates", "index_prices"):
        op.execute(f"DROP TABLE history.{table}")

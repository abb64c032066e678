"""What happened on the venue, as the recorder derives it from the command log: positions up to history.recorder.position, whole and once.

Everything here can be made again from the log. Prices are ticks, quantities lots, amounts smallest units, times ns since 1970, enums the
numbers of engine/types.py; intervals are numbered in the order 1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M.
"""

from alembic import op

revision = "0002_history"
down_revision = "0001_identity"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "CREATE SCHEMA history",
    """
    CREATE TABLE history.recorder (
        the_only boolean PRIMARY KEY DEFAULT true CHECK (the_only),
        position bigint NOT NULL,  -- of the last frame that is wholly in these tables
        time_ns bigint NOT NULL,  -- core time at its end
        seq bigint NOT NULL  -- of its last event
    )
    """,
    "INSERT INTO history.recorder (position, time_ns, seq) VALUES (0, 0, 0)",
    """
    CREATE TABLE history.assets (
        asset integer PRIMARY KEY,
        name text NOT NULL,
        scale smallint NOT NULL
    )
    """,
    """
    CREATE TABLE history.symbols (
        symbol integer PRIMARY KEY,
        name text NOT NULL,
        base integer NOT NULL,
        quote integer NOT NULL,
        lot_units bigint NOT NULL,
        tick_lot_units bigint NOT NULL
    )
    """,
    """
    CREATE TABLE history.orders (
        order_id bigint PRIMARY KEY,
        account integer NOT NULL,
        symbol integer NOT NULL,
        side smallint NOT NULL,
        order_type smallint NOT NULL,
        time_in_force smallint NOT NULL,
        stp smallint NOT NULL,
        status smallint NOT NULL,
        code smallint NOT NULL,  -- why it expired, else 0
        price_ticks bigint NOT NULL,
        order_lots bigint NOT NULL,
        quote_quantity bigint NOT NULL,
        executed_lots bigint NOT NULL,
        executed_quote bigint NOT NULL,
        client_id text NOT NULL,
        placed_ns bigint NOT NULL,
        updated_ns bigint NOT NULL
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX orders_of_account ON history.orders (account, symbol, order_id)",
    "CREATE INDEX orders_by_time ON history.orders (account, symbol, placed_ns)",
    "CREATE INDEX orders_by_client_id ON history.orders (account, client_id, order_id)",
    """
    CREATE TABLE history.trades (
        symbol integer NOT NULL,
        trade_id bigint NOT NULL,
        agg_id bigint NOT NULL,
        time_ns bigint NOT NULL,
        price_ticks bigint NOT NULL,
        quantity_lots bigint NOT NULL,
        quote_quantity bigint NOT NULL,
        taker_order bigint NOT NULL,
        maker_order bigint NOT NULL,
        taker_fee bigint NOT NULL,  -- in the asset received: the buyer's in base, the seller's in quote
        maker_fee bigint NOT NULL,
        seq bigint NOT NULL,
        taker_account integer NOT NULL,
        maker_account integer NOT NULL,
        taker_side smallint NOT NULL,
        PRIMARY KEY (symbol, trade_id)
    )
    """,
    "CREATE INDEX trades_by_aggregate ON history.trades (symbol, agg_id)",
    "CREATE INDEX trades_by_time ON history.trades (symbol, time_ns, trade_id)",
    "CREATE INDEX trades_of_taker ON history.trades (taker_account, symbol, trade_id)",
    "CREATE INDEX trades_of_maker ON history.trades (maker_account, symbol, trade_id)",
    "CREATE INDEX trades_of_taker_order ON history.trades (taker_order)",
    "CREATE INDEX trades_of_maker_order ON history.trades (maker_order)",
    """
    CREATE TABLE history.klines (
        symbol integer NOT NULL,
        interval smallint NOT NULL,
        open_ns bigint NOT NULL,
        next_ns bigint NOT NULL,
        open_ticks bigint NOT NULL,
        high_ticks bigint NOT NULL,
        low_ticks bigint NOT NULL,
        close_ticks bigint NOT NULL,
        volume_lots bigint NOT NULL,
        quote_quantity bigint NOT NULL,
        trades bigint NOT NULL,
        taker_buy_lots bigint NOT NULL,
        taker_buy_quote bigint NOT NULL,
        first_trade_id bigint NOT NULL,
        last_trade_id bigint NOT NULL,
        PRIMARY KEY (symbol, interval, open_ns)
    ) WITH (fillfactor = 90)
    """,
    """
    CREATE TABLE history.entries (
        seq bigint NOT NULL,  -- of the event; its entries add up to 0 in each asset
        line smallint NOT NULL,
        account integer NOT NULL,
        asset integer NOT NULL,
        amount bigint NOT NULL,  -- change of available + held
        kind smallint NOT NULL,  -- 1 trade, 2 fee, 3 transfer, 4 capture
        reference_hi bigint NOT NULL,  -- trade and fee: symbol; else the transfer's id
        reference_lo bigint NOT NULL,  -- trade and fee: trade id
        time_ns bigint NOT NULL,
        PRIMARY KEY (seq, line)
    )
    """,
    """
    CREATE TABLE history.transfers (
        id_hi bigint NOT NULL,
        id_lo bigint NOT NULL,
        pending_hi bigint NOT NULL,  -- captured, released: the held one's id
        pending_lo bigint NOT NULL,
        kind smallint NOT NULL,
        ended smallint NOT NULL,  -- held: how it ended, 0 = it is held
        debit integer NOT NULL,
        credit integer NOT NULL,
        asset integer NOT NULL,
        amount bigint NOT NULL,
        released bigint NOT NULL,
        reason integer NOT NULL,
        user_hi bigint NOT NULL,
        user_lo bigint NOT NULL,
        expires_ns bigint NOT NULL,
        time_ns bigint NOT NULL,
        ended_ns bigint NOT NULL,
        PRIMARY KEY (id_hi, id_lo)
    )
    """,
    "CREATE INDEX transfers_of_debit ON history.transfers (debit, time_ns)",
    "CREATE INDEX transfers_of_credit ON history.transfers (credit, time_ns)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA history CASCADE")

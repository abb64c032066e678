"""Orders that wait, show a part of themselves, belong to lists, are amended, or whose matches are prevented; and the lists, amendments
and prevented matches themselves."""

from alembic import op

revision = "0004_orders"
down_revision = "0003_shop"
branch_labels = None
depends_on = None

_ORDER_COLUMNS = {
    "stop_price_ticks": "bigint",
    "iceberg_lots": "bigint",
    "prevented_lots": "bigint",
    "trailing_bps": "integer",
    "peg": "smallint",
    "peg_offset": "smallint",
    "side_effect": "smallint",
    "list_id": "bigint",
    "expires_ns": "bigint",
    "turn_ns": "bigint",
    "working_ns": "bigint",
    "prevented_match": "bigint",
}

_STATEMENTS = (
    f"ALTER TABLE history.orders {', '.join(f'ADD COLUMN {name} {kind} NOT NULL DEFAULT 0' for name, kind in _ORDER_COLUMNS.items())}",
    "UPDATE history.orders SET turn_ns = placed_ns, working_ns = placed_ns",  # until now none had to wait
    f"ALTER TABLE history.orders {', '.join(f'ALTER COLUMN {name} DROP DEFAULT' for name in _ORDER_COLUMNS)}",
    """
    CREATE TABLE history.lists (
        list_id bigint PRIMARY KEY,
        account integer NOT NULL,
        symbol integer NOT NULL,
        list_type smallint NOT NULL,
        status smallint NOT NULL,
        client_id text NOT NULL,
        placed_ns bigint NOT NULL,
        updated_ns bigint NOT NULL,
        first_order bigint NOT NULL,
        second_order bigint NOT NULL,
        third_order bigint NOT NULL  -- 0: it has two
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX lists_of_account ON history.lists (account, list_id)",
    "CREATE INDEX lists_by_time ON history.lists (account, placed_ns)",
    "CREATE INDEX lists_by_client_id ON history.lists (account, client_id, list_id)",
    "CREATE INDEX lists_open ON history.lists (account) WHERE status = 1",
    """
    CREATE TABLE history.amendments (  -- the terms of orders that were amended: as placed (seq 0), and after each amendment
        order_id bigint NOT NULL,
        seq bigint NOT NULL,  -- of the event
        order_lots bigint NOT NULL,
        client_id text NOT NULL,  -- '': the amendment left it
        time_ns bigint NOT NULL,
        PRIMARY KEY (order_id, seq)
    )
    """,
    """
    CREATE TABLE history.prevented (  -- matches that self-trade prevention did not let happen
        symbol integer NOT NULL,
        match_id bigint NOT NULL,
        time_ns bigint NOT NULL,
        price_ticks bigint NOT NULL,
        taker_order bigint NOT NULL,
        maker_order bigint NOT NULL,
        taker_account integer NOT NULL,
        maker_account integer NOT NULL,
        taker_lots bigint NOT NULL,  -- what each order lost
        maker_lots bigint NOT NULL,
        taker_side smallint NOT NULL,
        stp smallint NOT NULL,  -- the taker's
        handed_over smallint NOT NULL,  -- 1: lots and their value changed hands
        seq bigint NOT NULL,
        PRIMARY KEY (symbol, match_id)
    )
    """,
    "CREATE INDEX prevented_of_taker_order ON history.prevented (taker_order)",
    "CREATE INDEX prevented_of_maker_order ON history.prevented (maker_order)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    for table in ("prevented", "amendments", "lists"):
        op.execute(f"DROP TABLE history.{table}")
    op.execute(f"ALTER TABLE history.orders {', '.join(f'DROP COLUMN {name}' for name in _ORDER_COLUMNS)}")

"""The shop: sellers and what they sell, carts, checkouts, orders with their three states, and the outbox to the ledger.

Money is only in the ledger. What stands here are prices, what was agreed, and which transfers carry it out: amounts are in units of
`asset`, an id of the core. Rows that a settlement (chain of transfers with ids of its own) is to change are changed with its outcome.
"""

from alembic import op

revision = "0003_shop"
down_revision = "0002_history"
branch_labels = None
depends_on = None

_ROLES = (
    "ALTER TABLE users DROP CONSTRAINT users_role_check",
    "ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('user', 'moderator', 'admin'))",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE EXTENSION IF NOT EXISTS unaccent",
)

_SETTLEMENT = (
    """
    CREATE TABLE shop_settlements (  -- the outbox to the ledger; committed with the decision that it carries out
        settlement_id uuid PRIMARY KEY,
        purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 32),
        subject_id uuid NOT NULL,  -- what its outcome changes: a checkout, order, payout, gift card …
        commands bytea NOT NULL,  -- one linked chain of 128-byte transfer commands with their final ids
        detail json NOT NULL DEFAULT '{}',  -- what the purpose needs to know at the outcome
        state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'failed', 'stuck')),
        code integer,  -- of the core: 0 or the first member's that failed
        cause text NOT NULL DEFAULT '',  -- why it is stuck or failed, in words
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX shop_settlements_open ON shop_settlements (created_at) WHERE state IN ('pending', 'stuck')",
    "CREATE INDEX shop_settlements_by_subject ON shop_settlements (subject_id)",
    """
    CREATE TABLE shop_answers (  -- idempotency: what a POST with a key was answered
        actor text NOT NULL,  -- 'user:7' or 'guest:<hash>'
        key text NOT NULL CHECK (length(key) BETWEEN 1 AND 64),
        request_hash bytea NOT NULL,  -- method, path and body
        status smallint NOT NULL DEFAULT 0,  -- 0: it is not made yet, and body says how it will be
        body bytea NOT NULL DEFAULT '',
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (actor, key)
    ) WITH (toast_tuple_target = 8160)
    """,
    "ALTER TABLE shop_answers ALTER COLUMN body SET STORAGE EXTERNAL",  # sealed: nothing to compress; and kept in its row
    "CREATE INDEX shop_answers_by_age ON shop_answers USING brin (created_at)",  # rows lie in the order of their age
    """
    CREATE TABLE shop_settings (
        name text PRIMARY KEY,
        value jsonb NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        updated_by bigint REFERENCES users
    )
    """,
)

_SELLERS = (
    """
    CREATE TABLE shop_sellers (
        seller_id uuid PRIMARY KEY,
        user_id bigint NOT NULL UNIQUE REFERENCES users,
        slug text NOT NULL UNIQUE CHECK (length(slug) BETWEEN 2 AND 60),
        name text NOT NULL CHECK (length(name) BETWEEN 2 AND 60),
        about text NOT NULL DEFAULT '' CHECK (length(about) <= 4000),
        country char(2) NOT NULL,
        state text NOT NULL DEFAULT 'applied' CHECK (state IN ('applied', 'approved', 'rejected', 'suspended')),
        note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),  -- of the moderator who decided
        commission_ppm integer CHECK (commission_ppm BETWEEN 0 AND 1000000),  -- NULL: the category's or the platform's
        reserve_ppm integer NOT NULL DEFAULT 0 CHECK (reserve_ppm BETWEEN 0 AND 1000000),  -- of each release, held back …
        reserve_days integer NOT NULL DEFAULT 0 CHECK (reserve_days BETWEEN 0 AND 180),  -- … for so long
        payable_reference_hi bigint NOT NULL,
        payable_reference_lo bigint NOT NULL,
        payable_account integer UNIQUE,  -- in the core: what the seller may be paid out; NULL until it is open
        sales_count integer NOT NULL DEFAULT 0,
        rating_sum integer NOT NULL DEFAULT 0,
        rating_count integer NOT NULL DEFAULT 0,
        applied_at timestamptz NOT NULL,
        decided_at timestamptz,
        decided_by bigint REFERENCES users
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE shop_categories (
        category_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        parent_id integer REFERENCES shop_categories,
        slug text NOT NULL UNIQUE CHECK (length(slug) BETWEEN 2 AND 60),
        name text NOT NULL CHECK (length(name) BETWEEN 2 AND 60),
        position integer NOT NULL DEFAULT 0,
        commission_ppm integer CHECK (commission_ppm BETWEEN 0 AND 1000000),
        tax_class text NOT NULL DEFAULT 'standard' CHECK (tax_class IN ('standard', 'reduced', 'zero'))
    )
    """,
    """
    CREATE TABLE shop_tax_rates (  -- the platform's; a country without a row pays no tax
        country char(2) NOT NULL,
        tax_class text NOT NULL CHECK (tax_class IN ('standard', 'reduced', 'zero')),
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
        ppm integer NOT NULL CHECK (ppm BETWEEN 0 AND 1000000),
        inclusive boolean NOT NULL,  -- prices shown there contain it
        PRIMARY KEY (country, tax_class)
    )
    """,
    """
    CREATE TABLE shop_shipping_zones (
        zone_id uuid PRIMARY KEY,
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
        countries char(2)[] NOT NULL CHECK (cardinality(countries) <= 260)  -- empty: the rest of the world
    )
    """,
    "CREATE INDEX shop_shipping_zones_by_seller ON shop_shipping_zones (seller_id)",
    """
    CREATE TABLE shop_shipping_methods (
        method_id uuid PRIMARY KEY,
        zone_id uuid NOT NULL REFERENCES shop_shipping_zones ON DELETE CASCADE,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
        asset integer NOT NULL,
        base_price bigint NOT NULL CHECK (base_price >= 0),
        price_per_kg bigint NOT NULL DEFAULT 0 CHECK (price_per_kg >= 0),  -- for each started kilogram
        free_from bigint CHECK (free_from > 0),  -- items' total from which it costs nothing
        weight_max_g integer CHECK (weight_max_g > 0),
        days_min smallint NOT NULL DEFAULT 1 CHECK (days_min >= 0),
        days_max smallint NOT NULL DEFAULT 5,
        CHECK (days_max >= days_min)
    )
    """,
    "CREATE INDEX shop_shipping_methods_by_zone ON shop_shipping_methods (zone_id)",
)

_CATALOG = (
    """
    CREATE TABLE shop_products (
        product_id uuid PRIMARY KEY,
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        category_id integer NOT NULL REFERENCES shop_categories,
        slug text NOT NULL UNIQUE CHECK (length(slug) BETWEEN 2 AND 120),
        title text NOT NULL CHECK (length(title) BETWEEN 2 AND 120),
        description text NOT NULL DEFAULT '' CHECK (length(description) <= 10000),
        state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'active', 'archived', 'blocked')),
        asset integer NOT NULL,  -- that the seller prices in and is paid in
        attributes jsonb NOT NULL DEFAULT '{}',  -- {"Material": "Walnut"}: facets
        price_min bigint NOT NULL DEFAULT 0,  -- of its active variants, kept by the catalog
        price_max bigint NOT NULL DEFAULT 0,
        in_stock boolean NOT NULL DEFAULT false,
        sold integer NOT NULL DEFAULT 0,
        rating_sum integer NOT NULL DEFAULT 0,
        rating_count integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        words tsvector NOT NULL DEFAULT ''  -- title, category, attributes, seller, description; kept by the catalog
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX shop_products_by_seller ON shop_products (seller_id, created_at)",
    "CREATE INDEX shop_products_by_category ON shop_products (category_id) WHERE state = 'active'",
    "CREATE INDEX shop_products_words ON shop_products USING gin (words)",
    "CREATE INDEX shop_products_title ON shop_products USING gin (lower(title) gin_trgm_ops)",
    """
    CREATE TABLE shop_variants (
        variant_id uuid PRIMARY KEY,
        product_id uuid NOT NULL REFERENCES shop_products,
        sku text NOT NULL CHECK (length(sku) BETWEEN 1 AND 40),
        options jsonb NOT NULL DEFAULT '{}',  -- {"Size": "M", "Colour": "Moss"}
        price bigint NOT NULL CHECK (price > 0),
        weight_g integer NOT NULL DEFAULT 0 CHECK (weight_g >= 0),
        position smallint NOT NULL DEFAULT 0,
        active boolean NOT NULL DEFAULT true,
        on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
        reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),  -- for checkouts that are not confirmed yet
        allocated integer NOT NULL DEFAULT 0 CHECK (allocated >= 0),  -- for paid orders that are not shipped yet
        threshold integer NOT NULL DEFAULT 0,  -- kept back from sale; negative allows back-orders
        UNIQUE (product_id, sku),
        CHECK (on_hand - reserved - allocated - threshold >= 0 OR reserved = 0)  -- nothing is reserved that is not there
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE shop_images (
        image_id uuid PRIMARY KEY,
        product_id uuid NOT NULL REFERENCES shop_products ON DELETE CASCADE,
        position smallint NOT NULL DEFAULT 0,
        alt text NOT NULL DEFAULT '' CHECK (length(alt) <= 200),
        width integer NOT NULL,
        height integer NOT NULL,
        large bytea NOT NULL,  -- WebP, re-encoded here, at most 1600 px and 1 MiB
        small bytea NOT NULL  -- WebP, at most 480 px
    )
    """,
    "CREATE INDEX shop_images_by_product ON shop_images (product_id, position)",
    """
    CREATE TABLE shop_collections (
        collection_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        slug text NOT NULL UNIQUE CHECK (length(slug) BETWEEN 2 AND 60),
        name text NOT NULL CHECK (length(name) BETWEEN 2 AND 60),
        position integer NOT NULL DEFAULT 0,
        rule jsonb  -- a search, as the catalog's query parameters; NULL: the products named in shop_collection_products
    )
    """,
    """
    CREATE TABLE shop_collection_products (
        collection_id integer NOT NULL REFERENCES shop_collections ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES shop_products ON DELETE CASCADE,
        position integer NOT NULL DEFAULT 0,
        PRIMARY KEY (collection_id, product_id)
    )
    """,
    """
    CREATE TABLE shop_wishes (
        user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
        product_id uuid NOT NULL REFERENCES shop_products ON DELETE CASCADE,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, product_id)
    )
    """,
)

_CHECKOUT = (
    """
    CREATE TABLE shop_addresses (
        address_id uuid PRIMARY KEY,
        user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        line1 text NOT NULL CHECK (length(line1) BETWEEN 1 AND 200),
        line2 text NOT NULL DEFAULT '' CHECK (length(line2) <= 200),
        city text NOT NULL CHECK (length(city) BETWEEN 1 AND 100),
        region text NOT NULL DEFAULT '' CHECK (length(region) <= 100),
        postcode text NOT NULL DEFAULT '' CHECK (length(postcode) <= 20),
        country char(2) NOT NULL,
        phone text NOT NULL DEFAULT '' CHECK (length(phone) <= 30),
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_addresses_by_user ON shop_addresses (user_id)",
    """
    CREATE TABLE shop_carts (
        cart_id uuid PRIMARY KEY,
        user_id bigint UNIQUE REFERENCES users ON DELETE CASCADE,
        token_hash bytea UNIQUE,  -- a guest's; SHA-256 of what is in the cookie
        updated_at timestamptz NOT NULL,
        CHECK ((user_id IS NULL) <> (token_hash IS NULL))
    )
    """,
    """
    CREATE TABLE shop_cart_lines (
        cart_id uuid NOT NULL REFERENCES shop_carts ON DELETE CASCADE,
        variant_id uuid NOT NULL REFERENCES shop_variants,
        quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
        price_seen bigint NOT NULL,
        added_at timestamptz NOT NULL,
        PRIMARY KEY (cart_id, variant_id)
    )
    """,
    """
    CREATE TABLE shop_vouchers (
        voucher_id uuid PRIMARY KEY,
        code text NOT NULL UNIQUE CHECK (code = upper(code) AND length(code) BETWEEN 3 AND 40),
        seller_id uuid REFERENCES shop_sellers,  -- NULL: the platform's, for every seller's goods
        kind text NOT NULL CHECK (kind IN ('percent', 'amount', 'free_shipping')),
        ppm integer CHECK (ppm BETWEEN 1 AND 1000000),
        asset integer,
        amount bigint CHECK (amount > 0),
        items_min bigint NOT NULL DEFAULT 0,  -- items' total, in `asset`, from which it holds
        uses_max integer CHECK (uses_max > 0),  -- NULL: any number
        uses_per_user integer CHECK (uses_per_user > 0),
        uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
        starts_at timestamptz,
        ends_at timestamptz,
        active boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL,
        CHECK (uses_max IS NULL OR uses <= uses_max),
        CHECK ((kind = 'percent') = (ppm IS NOT NULL) AND (kind = 'amount') = (amount IS NOT NULL)),
        CHECK (asset IS NOT NULL OR (kind <> 'amount' AND items_min = 0))
    )
    """,
    """
    CREATE TABLE shop_checkouts (  -- a quote that was agreed to, or is open for that
        checkout_id uuid PRIMARY KEY,
        user_id bigint NOT NULL REFERENCES users,
        cart_id uuid,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'confirming', 'paid', 'failed', 'expired', 'abandoned')),
        address json NOT NULL,
        content json NOT NULL,  -- the priced cart, order by order, as integers: what confirming turns into orders
        voucher_id uuid REFERENCES shop_vouchers,
        pay_asset integer NOT NULL,
        most bigint NOT NULL CHECK (most >= 0),  -- of pay_asset: the most that confirming can take
        credit json NOT NULL DEFAULT '{}',  -- asset id -> units taken from store credit
        legs json NOT NULL,  -- conversions: bought asset, amount, symbols, most, expected cost
        rate_source json NOT NULL,  -- log position and update ids of the books that the quote was read from
        use_credit boolean NOT NULL DEFAULT false,
        expires_at timestamptz NOT NULL,  -- of the quote
        reserved_until timestamptz NOT NULL DEFAULT now(),
        receipt json,  -- once paid: conversions with their trades, what it cost, the log position
        settlement_id uuid,
        failure text NOT NULL DEFAULT '',  -- an error code of the shop
        created_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX shop_checkouts_by_user ON shop_checkouts (user_id, created_at)",
    "CREATE INDEX shop_checkouts_open ON shop_checkouts (reserved_until) WHERE state = 'open'",
    # Two tabs: a cart is bought once.
    "CREATE UNIQUE INDEX shop_checkouts_of_cart ON shop_checkouts (cart_id) WHERE state IN ('open', 'confirming')",
    """
    CREATE TABLE shop_reservations (  -- stock kept for an open checkout; deleted, once, when it is released or allocated
        checkout_id uuid NOT NULL REFERENCES shop_checkouts ON DELETE CASCADE,
        variant_id uuid NOT NULL REFERENCES shop_variants,
        quantity integer NOT NULL CHECK (quantity > 0),
        PRIMARY KEY (checkout_id, variant_id)
    )
    """,
    """
    CREATE TABLE shop_voucher_uses (  -- deleted, once, when a checkout fails or its orders are cancelled
        voucher_id uuid NOT NULL REFERENCES shop_vouchers,
        checkout_id uuid NOT NULL REFERENCES shop_checkouts,
        user_id bigint NOT NULL REFERENCES users,
        used_at timestamptz NOT NULL,
        PRIMARY KEY (voucher_id, checkout_id)
    )
    """,
    "CREATE INDEX shop_voucher_uses_by_user ON shop_voucher_uses (user_id, voucher_id)",
    """
    CREATE TABLE shop_credit_accounts (  -- store credit: a core account of its own beside the trading account
        user_id bigint PRIMARY KEY REFERENCES users,
        reference_hi bigint NOT NULL,
        reference_lo bigint NOT NULL,
        account integer UNIQUE
    )
    """,
    """
    CREATE TABLE shop_gift_cards (
        card_id uuid PRIMARY KEY,
        code_hash bytea NOT NULL UNIQUE,  -- SHA-256; the code is shown once
        reference_hi bigint NOT NULL,
        reference_lo bigint NOT NULL,
        account integer UNIQUE,  -- in the core: what is left on it
        asset integer NOT NULL,
        amount bigint NOT NULL CHECK (amount > 0),
        bought_by bigint NOT NULL REFERENCES users,
        state text NOT NULL DEFAULT 'buying' CHECK (state IN ('buying', 'active', 'redeeming', 'redeemed', 'failed')),
        redeemed_by bigint REFERENCES users,
        created_at timestamptz NOT NULL,
        redeemed_at timestamptz
    )
    """,
)

_ORDERS = (
    "CREATE SEQUENCE shop_order_numbers START 10001",
    """
    CREATE TABLE shop_orders (
        order_id uuid PRIMARY KEY,
        number bigint NOT NULL UNIQUE DEFAULT nextval('shop_order_numbers'),
        checkout_id uuid NOT NULL REFERENCES shop_checkouts,
        buyer_id bigint NOT NULL REFERENCES users,
        buyer_account integer NOT NULL,  -- where refunds go
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        payment text NOT NULL DEFAULT 'pending' CHECK (payment IN ('pending', 'failed', 'held', 'released', 'refunded', 'divided')),
        fulfilment text NOT NULL DEFAULT 'unfulfilled'
            CHECK (fulfilment IN ('unfulfilled', 'partially_shipped', 'shipped', 'received', 'canceled', 'returned')),
        dispute text NOT NULL DEFAULT 'none' CHECK (dispute IN ('none', 'open', 'withdrawn', 'for_buyer', 'for_seller', 'divided')),
        asset integer NOT NULL,  -- priced and escrowed in
        items_total bigint NOT NULL,  -- before discount
        discount bigint NOT NULL DEFAULT 0,
        shipping bigint NOT NULL DEFAULT 0,
        tax bigint NOT NULL DEFAULT 0,  -- added to the prices
        tax_included bigint NOT NULL DEFAULT 0,  -- contained in them
        total bigint NOT NULL CHECK (total = items_total - discount + shipping + tax AND total >= 0),
        from_credit bigint NOT NULL DEFAULT 0,  -- of the total, paid from store credit; comes back as such, and last
        commission_ppm integer NOT NULL,
        escrow_hi bigint NOT NULL DEFAULT 0,  -- id of the hold in HOUSE_ESCROW; (0, 0) when none is left
        escrow_lo bigint NOT NULL DEFAULT 0,
        held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
        released bigint NOT NULL DEFAULT 0 CHECK (released >= 0),  -- to the seller, commission included
        refunded bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),  -- to the buyer
        commission bigint NOT NULL DEFAULT 0 CHECK (commission BETWEEN 0 AND released),
        settlement_id uuid,  -- the one that moves its escrow now; while it runs, no other may start
        auto_release_at timestamptz,  -- set when all is shipped
        address json NOT NULL,
        shipping_name text NOT NULL DEFAULT '',
        note text NOT NULL DEFAULT '' CHECK (length(note) <= 1000),
        placed_at timestamptz NOT NULL,
        paid_at timestamptz,
        received_at timestamptz,  -- confirmed or presumed; days of return count from it
        closed_at timestamptz,
        reserve_hi bigint NOT NULL DEFAULT 0,  -- id of the hold in the seller's payable account that its release left; it ends by itself
        reserve_lo bigint NOT NULL DEFAULT 0,
        CHECK (payment IN ('pending', 'failed') OR held + released + refunded >= total)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX shop_orders_by_buyer ON shop_orders (buyer_id, placed_at)",
    "CREATE INDEX shop_orders_by_seller ON shop_orders (seller_id, placed_at)",
    "CREATE INDEX shop_orders_by_checkout ON shop_orders (checkout_id)",
    # Not by its state: a payment that becomes held changes no index then.
    "CREATE INDEX shop_orders_due ON shop_orders (auto_release_at) WHERE auto_release_at IS NOT NULL AND closed_at IS NULL",
    """
    CREATE TABLE shop_order_lines (
        line_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        product_id uuid NOT NULL REFERENCES shop_products,
        variant_id uuid NOT NULL REFERENCES shop_variants,
        image_id uuid,
        title text NOT NULL,
        sku text NOT NULL,
        options json NOT NULL,
        quantity integer NOT NULL CHECK (quantity > 0),
        unit_price bigint NOT NULL,
        discount bigint NOT NULL DEFAULT 0,
        tax bigint NOT NULL DEFAULT 0,
        tax_included bigint NOT NULL DEFAULT 0,
        total bigint NOT NULL CHECK (total = unit_price * quantity - discount + tax),
        shipped integer NOT NULL DEFAULT 0,
        canceled integer NOT NULL DEFAULT 0,
        returned integer NOT NULL DEFAULT 0,
        CHECK (shipped + canceled <= quantity AND returned <= shipped)
    )
    """,
    "CREATE INDEX shop_order_lines_by_order ON shop_order_lines (order_id)",
    "CREATE INDEX shop_order_lines_by_product ON shop_order_lines (product_id)",
    """
    CREATE TABLE shop_shipments (
        shipment_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        carrier text NOT NULL CHECK (length(carrier) BETWEEN 1 AND 60),
        tracking text NOT NULL DEFAULT '' CHECK (length(tracking) <= 100),
        lines jsonb NOT NULL,  -- line id -> quantity
        shipped_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_shipments_by_order ON shop_shipments (order_id)",
    """
    CREATE TABLE shop_transitions (  -- the audit trail: every change of one of the three states, and every move of escrow
        transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        axis text NOT NULL CHECK (axis IN ('payment', 'fulfilment', 'dispute')),
        event text NOT NULL,
        before text NOT NULL,
        after text NOT NULL,
        actor text NOT NULL,  -- 'buyer', 'seller', 'moderator', 'system'
        user_id bigint REFERENCES users,
        detail json NOT NULL DEFAULT '{}',
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_transitions_by_order ON shop_transitions (order_id, transition_id)",
    """
    CREATE TABLE shop_refunds (
        refund_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        amount bigint NOT NULL CHECK (amount > 0),
        reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 1000),
        state text NOT NULL DEFAULT 'settling' CHECK (state IN ('settling', 'done', 'failed')),
        settlement_id uuid NOT NULL,
        by_user bigint REFERENCES users,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_refunds_by_order ON shop_refunds (order_id)",
    """
    CREATE TABLE shop_disputes (
        dispute_id uuid PRIMARY KEY,
        order_id uuid NOT NULL UNIQUE REFERENCES shop_orders,
        reason text NOT NULL CHECK (reason IN ('not_received', 'not_as_described', 'damaged', 'other')),
        text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
        seller_reply text NOT NULL DEFAULT '' CHECK (length(seller_reply) <= 4000),
        decision text NOT NULL DEFAULT '' CHECK (length(decision) <= 4000),  -- the moderator's words
        to_buyer bigint,
        opened_at timestamptz NOT NULL,
        decided_at timestamptz,
        decided_by bigint REFERENCES users
    )
    """,
    """
    CREATE TABLE shop_returns (
        return_id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        lines jsonb NOT NULL,  -- line id -> quantity
        reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1000),
        state text NOT NULL DEFAULT 'requested' CHECK (state IN ('requested', 'approved', 'declined', 'received', 'refunded')),
        amount bigint NOT NULL,  -- that comes back when it is received
        refund_id uuid REFERENCES shop_refunds,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_returns_by_order ON shop_returns (order_id)",
    """
    CREATE TABLE shop_messages (
        message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES shop_orders,
        author text NOT NULL CHECK (author IN ('buyer', 'seller', 'moderator')),
        user_id bigint NOT NULL REFERENCES users,
        text text NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_messages_by_order ON shop_messages (order_id, message_id)",
    """
    CREATE TABLE shop_reviews (
        review_id uuid PRIMARY KEY,
        product_id uuid NOT NULL REFERENCES shop_products,
        line_id uuid NOT NULL UNIQUE REFERENCES shop_order_lines,  -- the purchase that verifies it
        user_id bigint NOT NULL REFERENCES users,
        rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
        title text NOT NULL DEFAULT '' CHECK (length(title) <= 100),
        text text NOT NULL DEFAULT '' CHECK (length(text) <= 4000),
        reply text NOT NULL DEFAULT '' CHECK (length(reply) <= 2000),
        hidden boolean NOT NULL DEFAULT false,
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_reviews_by_product ON shop_reviews (product_id, at)",
    """
    CREATE TABLE shop_payouts (
        payout_id uuid PRIMARY KEY,
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        asset integer NOT NULL,
        amount bigint NOT NULL CHECK (amount > 0),
        state text NOT NULL DEFAULT 'settling' CHECK (state IN ('settling', 'done', 'failed')),
        settlement_id uuid NOT NULL,
        created_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX shop_payouts_by_seller ON shop_payouts (seller_id, created_at)",
)

_INSIGHTS = (
    """
    CREATE TABLE shop_daily_counts (  -- what was looked at and put into carts, by UTC day; what was bought, the orders tell
        day date NOT NULL,
        product_id uuid NOT NULL REFERENCES shop_products ON DELETE CASCADE,
        views bigint NOT NULL DEFAULT 0,
        carts bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (product_id, day)
    )
    """,
)

_WEBHOOKS = (
    """
    CREATE TABLE shop_webhooks (
        webhook_id uuid PRIMARY KEY,
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        url text NOT NULL CHECK (length(url) <= 500),
        events text[] NOT NULL,  -- empty: all
        sealed_secret bytea NOT NULL,  -- under the venue's master key; shown once
        enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE shop_events (  -- what sellers are told; written with the change that it tells of
        event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        seller_id uuid NOT NULL REFERENCES shop_sellers,
        type text NOT NULL CHECK (length(type) BETWEEN 1 AND 40),  -- 'order.paid'
        body json NOT NULL,
        at timestamptz NOT NULL,
        fanned_out boolean NOT NULL DEFAULT false
    )
    """,
    "CREATE INDEX shop_events_to_fan_out ON shop_events (event_id) WHERE NOT fanned_out",
    """
    CREATE TABLE shop_deliveries (
        delivery_id uuid PRIMARY KEY,  -- a redelivery keeps it
        position bigint GENERATED BY DEFAULT AS IDENTITY,  -- in which an endpoint's are sent
        webhook_id uuid NOT NULL REFERENCES shop_webhooks ON DELETE CASCADE,
        event_id bigint NOT NULL REFERENCES shop_events,
        state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL,
        status integer,  -- HTTP, of the last attempt
        error text NOT NULL DEFAULT '',
        held_until timestamptz,  -- while a process is sending it
        delivered_at timestamptz,
        UNIQUE (webhook_id, event_id)
    )
    """,
    """
    CREATE TABLE shop_delivery_attempts (
        attempt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        delivery_id uuid NOT NULL REFERENCES shop_deliveries ON DELETE CASCADE,
        status integer,
        error text NOT NULL DEFAULT '',
        at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX shop_delivery_attempts_by_delivery ON shop_delivery_attempts (delivery_id, attempt_id)",
    "CREATE INDEX shop_deliveries_waiting ON shop_deliveries (webhook_id, position) WHERE state = 'waiting'",
)

_TABLES = (
    "shop_delivery_attempts", "shop_deliveries", "shop_events", "shop_webhooks", "shop_daily_counts",
    "shop_payouts", "shop_reviews", "shop_messages", "shop_returns", "shop_disputes", "shop_refunds",
    "shop_transitions", "shop_shipments", "shop_order_lines", "shop_orders", "shop_gift_cards", "shop_credit_accounts",
    "shop_voucher_uses", "shop_reservations", "shop_checkouts", "shop_vouchers", "shop_cart_lines", "shop_carts", "shop_addresses",
    "shop_wishes", "shop_collection_products", "shop_collections", "shop_images", "shop_variants", "shop_products",
    "shop_shipping_methods", "shop_shipping_zones", "shop_tax_rates", "shop_categories", "shop_sellers", "shop_settings", "shop_answers",
    "shop_settlements",
)  # fmt: skip


def upgrade() -> None:
    for statement in (*_ROLES, *_SETTLEMENT, *_SELLERS, *_CATALOG, *_CHECKOUT, *_ORDERS, *_INSIGHTS, *_WEBHOOKS):
        op.execute(statement)


def downgrade() -> None:
    for table in _TABLES:
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP SEQUENCE shop_order_numbers")
    op.execute("UPDATE users SET role = 'user' WHERE role = 'moderator'")
    op.execute("ALTER TABLE users DROP CONSTRAINT users_role_check")
    op.execute("ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('user', 'admin'))")

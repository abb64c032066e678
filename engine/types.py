"""The vocabulary of the core: records, enums, result codes, limits.

Owns every layout and every number that kernels, oracle, log and gateways must agree on; docs/CORE.md says what they mean.
Nothing here computes. All integers are little-endian and signed 64-bit unless a field says otherwise; 0 means "none" for ids.

Units are in the names:  *_ticks price, *_lots quantity, amounts and fees in an asset's smallest unit, *_ns nanoseconds
since 1970, *_ppm parts per million.
"""

from enum import IntEnum, IntFlag

import numpy as np

RULES_FIRST = 1  # a fresh machine's
RULES_VERSION = 4  # the newest this machine knows; 2 added CONVERT, 3 docs/ORDERS.md and docs/MARGIN.md, 4 fair prices in the latter

# ---------------------------------------------------------------- limits

FRAME_COMMANDS_MAX = 8192  # commands in one frame
STEPS_MAX = 4096  # makers one command may touch, levels one estimate may walk, orders one cancel-all or one drain may take
EXPIRIES_MAX = 1024  # pending transfers that expire before one frame; the rest expire before the next ones
CHAIN_MAX = 64  # transfers in one linked chain
TRAILING_MAX = 1024  # open orders with a trailing delta on one symbol: each trade looks at those that track
TRAILING_PRICE_MAX = 2**48  # a symbol with higher prices takes no trailing delta: products stay in 64 bits
BPS = 10_000
PEG_OFFSET_MAX = 100  # levels
COUNTDOWN_MAX_NS = 24 * 3600 * 10**9
ORIGINS_KEPT = 1024  # origins remembered; one more forgets the one that was quiet for longest
FEE_TIERS = 32
ASSET_SCALE_MAX = 9
PPM = 1_000_000
AMOUNT_MAX = 2**62 - 1  # no amount, balance or product of a price, a quantity and a unit is larger
TIMEOUT_MAX_NS = 366 * 86_400 * 10**9
TRANSFER_ID_WINDOW_NS = 24 * 3600 * 10**9  # an id older than this is refused
TRANSFER_ID_AHEAD_NS = 60 * 10**9  # an id may be this far ahead of core time

# margin (docs/MARGIN.md)
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
RATE_ONE = 10**9  # hourly rates: the whole principal
RATE_MAX = RATE_ONE // 10
MARGIN_ASSETS_MAX = 64
COLLATERAL_TIERS = 8
SOURCES_MAX = 15  # price sources of one asset
PRICE_MAX = 2**53
PRICE_SCALE_MAX = 18
VALUE_MAX = 2**54 - 1  # no asset of an account counts for more, in the numeraire's units: sums stay in 64 bits
LEVEL_PPM_MAX = 4 * PPM  # of a threshold
LEVEL_MAX = 999 * PPM  # the level that is told where there is no debt
EVALUATE_HOURS = 24
EVALUATE_NS = EVALUATE_HOURS * HOUR_NS  # a margin account with debt is looked at this often, if nothing else makes it due
CALLED_NS = HOUR_NS  # and one with a margin call
ROUND_NS = 10**9  # between two rounds of a liquidation
UPKEEP_BUDGET = 1024  # evaluations before one frame
ROUND_COST = 64  # of a round of a liquidation, in evaluations
WATCH_SLACK = 8  # numeraire units by which rounding may hurt one asset of an account
LIQUIDATION_GROSS_MAX = 900_000  # ppm
VOLUME_DAYS = 30
TIER_AUTOMATIC = 255  # SET_ACCOUNT_TIER: by volume

NONE = 0

# House accounts exist from the first frame; customers start at FIRST_CUSTOMER.
HOUSE_FEES = 1
HOUSE_GATEWAY = 2  # the outside world: deposits come out of it, withdrawals go into it; may be negative
HOUSE_ESCROW = 3
HOUSE_INSURANCE = 4  # may be negative
HOUSE_DUST = 5
HOUSE_CLEARING = 6
HOUSE_LENDING = 7  # what lenders put in and nobody has borrowed
FIRST_CUSTOMER = 16

NAME_BYTES = 24  # of an asset or symbol name
CLIENT_ID_BYTES = 40  # the dialect allows 36; five words of eight bytes


class Pool(IntEnum):
    """Tables whose capacity is logged state, grown by GROW. Capacities are powers of two."""

    ASSETS = 0
    SYMBOLS = 1
    ACCOUNTS = 2
    ORDERS = 3
    PENDING = 4
    TRANSFER_IDS = 5
    KEYS = 6


INITIAL_CAPACITY = (64, 64, 1 << 12, 1 << 16, 1 << 12, 1 << 16, 1 << 12)  # by Pool
CAPACITY_MAX = (1 << 10, 1 << 17, 1 << 24, 1 << 25, 1 << 24, 1 << 24, 1 << 22)  # by Pool

# ---------------------------------------------------------------- enums


class Kind(IntEnum):
    """What a command asks for."""

    PLACE = 1
    CANCEL = 2
    CANCEL_ALL = 3
    REPLACE = 4  # cancel one order and place another, in one step
    AMEND = 5  # lower the quantity, keep the place in the queue
    PLACE_LIST = 6  # the head of an order list; its legs are the PLACE commands that follow
    CANCEL_LIST = 7
    MASS_CANCEL = 8  # by account, optionally one symbol, one side
    COUNTDOWN = 9  # dead man's switch: cancel all of the account's orders unless renewed in time
    TRANSFER = 20
    HOLD = 21  # first phase: reserve
    CAPTURE = 22  # second phase: move what was reserved, in full or in part
    RELEASE = 23  # second phase: give it back
    CONVERT = 24  # buy exactly what is owed in one asset on the own book, paying with another
    BORROW = 26  # a margin account, from the asset's pool
    REPAY = 27
    LEND = 28  # into the asset's pool, for shares
    REDEEM = 29
    OPEN_MARGIN = 32  # a margin account beside its owner's
    SET_MARGIN = 33  # thresholds and the numeraire
    SET_MARGIN_ASSET = 34  # lists an asset for margin: its pool, rates, market
    SET_COLLATERAL = 35  # one tier of what an asset counts for
    SET_PRICE = 36  # what one source says an asset is worth
    SET_TIER = 37  # the volume from which a fee tier applies
    SET_DISCOUNT = 38  # the asset in which fees are cheaper
    SET_ACCOUNT_DISCOUNT = 39
    REGISTER_ORIGIN = 40
    TICK = 41  # lets time pass
    OPEN = 42  # from here on the log's clock is the time
    SET_RULES = 43
    GROW = 44
    SET_FILTER = 45
    SET_GROUP = 46  # accounts of one trade group do not trade with each other where an order asks for that
    ADD_ASSET = 50
    ADD_SYMBOL = 51
    SET_SYMBOL_STATUS = 52
    OPEN_ACCOUNT = 53
    SET_ACCOUNT_STATUS = 54
    SET_ACCOUNT_TIER = 55
    SET_FEES = 56
    ADD_KEY = 57
    SET_KEY = 58
    SET_ORDER_LIMITS = 59


ORDER_KINDS = (
    Kind.PLACE, Kind.CANCEL, Kind.CANCEL_ALL, Kind.REPLACE, Kind.AMEND,
    Kind.PLACE_LIST, Kind.CANCEL_LIST, Kind.MASS_CANCEL, Kind.COUNTDOWN,
)  # fmt: skip
TRANSFER_KINDS = (Kind.TRANSFER, Kind.HOLD, Kind.CAPTURE, Kind.RELEASE, Kind.CONVERT)
LOAN_KINDS = (Kind.BORROW, Kind.REPAY, Kind.LEND, Kind.REDEEM)  # laid out and remembered like transfers, never in a chain
MARGIN_KINDS = (
    Kind.OPEN_MARGIN, Kind.SET_MARGIN, Kind.SET_MARGIN_ASSET, Kind.SET_COLLATERAL, Kind.SET_PRICE, Kind.SET_TIER, Kind.SET_DISCOUNT,
    Kind.SET_ACCOUNT_DISCOUNT,
)  # fmt: skip


class Role(IntFlag):
    """What an origin may send; registered with the origin's first frame."""

    OPERATOR = 1  # everything
    TRADING = 2
    IDENTITY = 4
    LEDGER = 8
    CUSTODY = 16  # transfers that may debit HOUSE_GATEWAY
    CLOCK = 32
    CAPACITY = 64  # grows pools before they are full
    RATES = 128  # prices of margin assets
    MARGIN = 256  # loans, and transfers between the accounts of one owner


class Side(IntEnum):
    BUY = 0
    SELL = 1


BOTH_SIDES = 2  # MASS_CANCEL


class OrderType(IntEnum):
    LIMIT = 0
    LIMIT_MAKER = 1
    MARKET = 2
    STOP_LOSS = 3  # executes as MARKET when it triggers
    STOP_LOSS_LIMIT = 4  # as LIMIT
    TAKE_PROFIT = 5
    TAKE_PROFIT_LIMIT = 6


class TimeInForce(IntEnum):
    GTC = 0
    IOC = 1
    FOK = 2
    GTD = 3  # as GTC until `expires_ns`


class Peg(IntEnum):
    """Where a limit price comes from, once, when the order becomes working."""

    NONE = 0
    PRIMARY = 1  # the best price of the own side
    MARKET = 2  # the best price of the other side


class SideEffect(IntEnum):
    """What an order of a margin account does with its loans (docs/MARGIN.md)."""

    NONE = 0
    MARGIN_BUY = 1  # borrows what it lacks
    AUTO_REPAY = 2  # repays from what it receives
    AUTO_BORROW_REPAY = 3


class ListType(IntEnum):
    OCO = 1  # two legs of which one executes
    OTO = 2  # a working order, and one that is placed when it is filled
    OTOCO = 3  # a working order, and an OCO pair that is placed when it is filled


class ListStatus(IntEnum):
    EXECUTING = 1
    ALL_DONE = 2  # none of its orders is open any more


class OrderState(IntEnum):
    """Where an open order is."""

    RESTING = 0  # in the book
    WAITING = 1  # for the last price to reach its stop price
    TRACKING = 2  # trailing: follows the last price
    DUE = 3  # becomes working as soon as its turn comes
    PENDING = 4  # in a list, for the working order to be filled


class Stp(IntEnum):
    """Self-trade prevention; the taker's mode decides."""

    NONE = 0
    EXPIRE_TAKER = 1
    EXPIRE_MAKER = 2
    EXPIRE_BOTH = 3
    DECREMENT = 4  # both orders lose what would have been traded; the smaller one expires
    TRANSFER = 5  # as DECREMENT; between two accounts of a group, where both ask for it, what was prevented changes hands without fee


class OrderStatus(IntEnum):
    NONE = 0
    NEW = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 4
    REJECTED = 5
    EXPIRED = 6
    EXPIRED_IN_MATCH = 7
    PENDING_NEW = 8


class SymbolStatus(IntEnum):
    TRADING = 1
    CANCEL_ONLY = 2
    HALTED = 3  # not even cancels
    AUCTION = 4  # orders gather; TRADING then begins with one price for all


class Filter(IntEnum):
    """Numbers that SET_FILTER sets for a symbol; 0 is off. From EXCHANGE_MAX_ORDERS on they hold for an account over all symbols."""

    MIN_PRICE_TICKS = 1
    MIN_LOTS = 2
    MIN_MARKET_LOTS = 3
    BID_UP_PPM = 4  # of the last price
    BID_DOWN_PPM = 5
    ASK_UP_PPM = 6
    ASK_DOWN_PPM = 7
    MAX_NOTIONAL = 8
    NOTIONAL_SPARES_MARKET = 9  # bit 1: the minimum, bit 2: the maximum is not applied to MARKET
    ICEBERG_PARTS = 10
    MAX_ALGO_ORDERS = 11
    MAX_ICEBERG_ORDERS = 12
    MAX_POSITION = 13  # units of the base asset
    MIN_TRAILING_ABOVE = 14  # basis points
    MAX_TRAILING_ABOVE = 15
    MIN_TRAILING_BELOW = 16
    MAX_TRAILING_BELOW = 17
    MAX_AMENDS = 18
    MAX_LISTS = 19
    RANGE_UP_PPM = 20  # no trade farther from the last price than this
    RANGE_DOWN_PPM = 21
    EXCHANGE_MAX_ORDERS = 24
    EXCHANGE_MAX_ALGO_ORDERS = 25
    EXCHANGE_MAX_ICEBERG_ORDERS = 26
    EXCHANGE_MAX_LISTS = 27
    MAX_ASSET = 28  # units of `asset` in one order


FILTERS = 32  # places of a symbol's row of filters


class AccountStatus(IntEnum):
    ACTIVE = 1
    FROZEN = 2  # may cancel; may not place, nor be debited by a new transfer


class MarginState(IntEnum):
    NORMAL = 0
    CALLED = 1  # at or below the call threshold; its owner was told
    LIQUIDATING = 2  # its orders are gone, what it has is sold for what it owes


class Direction(IntEnum):
    """Of a watch: which move of the index it waits for."""

    DOWN = 0
    UP = 1


class KeyScope(IntFlag):
    READ = 1
    TRADE = 2
    WITHDRAW = 4


class OrderFlag(IntFlag):
    """Bits of ORDER_COMMAND.flags."""

    ALLOW_FAILURE = 1  # REPLACE: place the new order even where the cancel fails
    ONLY_NEW = 2  # CANCEL, REPLACE: only if nothing is executed yet
    ONLY_PARTIALLY_FILLED = 4


class TransferFlag(IntFlag):
    """Bits of TRANSFER_COMMAND.flags."""

    LINKED = 1  # all or none together with the next command


class EventKind(IntEnum):
    """What happened. ORDER_EVENT up to 19, TRANSFER_EVENT to 26, LOAN_EVENT to 39, ADMIN_EVENT 40 and 41, MARGIN_EVENT from 42."""

    NEW = 1  # an order was accepted; with EventFlag.RESTED it lies in the book at once
    RESTED = 2  # what a taker left now lies in the book
    TRADE = 3
    CANCELED = 4
    EXPIRED = 5
    AMENDED = 6
    REJECTED = 7
    ACTIVATED = 8  # a stop was triggered, or a list's pending order has its turn: it is working now
    PREVENTED = 9  # a match that self-trade prevention did not let happen
    LIST = 10  # LIST_EVENT
    COUNTDOWN = 11  # a dead man's switch was set, or fired
    TRANSFERRED = 20
    HELD = 21
    CAPTURED = 22
    RELEASED = 23
    HOLD_EXPIRED = 24
    TRANSFER_REJECTED = 25
    CONVERTED = 26  # after the NEW and TRADE events of its market orders
    BORROWED = 27
    REPAID = 28
    LENT = 29
    REDEEMED = 30
    ADMIN = 40  # the command at `index` took effect
    ADMIN_REJECTED = 41
    INDEX = 42  # a margin asset's index price changed, or froze
    MARGIN_CALL = 43
    LIQUIDATION_STARTED = 44
    LIQUIDATION = 45  # one round, after the events of its order
    LIQUIDATION_ENDED = 46
    BAD_DEBT = 47


class EventFlag(IntFlag):
    RESTED = 1
    CANCEL_LEG = 2  # REJECTED: it is the cancel of a REPLACE that failed
    FEE_DISCOUNTED = 4  # TRADE: the taker's fee is in the discount asset
    COUNTER_FEE_DISCOUNTED = 8  # the maker's
    HANDED_OVER = 16  # PREVENTED: lots and their value changed hands
    FIRED = 32  # COUNTDOWN
    AUCTION = 64  # TRADE: in an uncross


class Code(IntEnum):
    """Result codes in families: 0 done, 1xx who and when, 2xx market and filters, 3xx orders, 4xx ledger, 5xx administration.

    The order in which they are checked is in docs/CORE.md.
    """

    OK = 0
    # who and when
    NOT_PERMITTED = 100
    STALE = 101
    UNKNOWN_ACCOUNT = 102
    ACCOUNT_FROZEN = 103
    KEY_REVOKED = 104
    UNKNOWN_KIND = 105
    TOO_MANY_ORDERS = 106
    MARKET_BUSY = 107  # orders that the last trades made due go first; try again
    # market and filters
    UNKNOWN_SYMBOL = 200
    MARKET_CLOSED = 201
    INVALID_ORDER = 202
    PRICE_FILTER = 203
    LOT_SIZE = 204
    MARKET_LOT_SIZE = 205
    NOTIONAL = 206
    MAX_NUM_ORDERS = 207
    EXPIRY_INVALID = 208
    PERCENT_PRICE = 209
    ICEBERG_PARTS = 210
    MAX_NUM_ALGO_ORDERS = 211
    MAX_NUM_ICEBERG_ORDERS = 212
    MAX_POSITION = 213
    TRAILING_DELTA = 214
    MAX_NUM_AMENDS = 215
    MAX_NUM_LISTS = 216
    EXCHANGE_MAX_ORDERS = 217
    EXCHANGE_MAX_ALGO_ORDERS = 218
    EXCHANGE_MAX_ICEBERG_ORDERS = 219
    EXCHANGE_MAX_LISTS = 220
    MAX_ASSET = 221
    TRAILING_FULL = 222
    # orders
    UNKNOWN_ORDER = 300
    DUPLICATE_CLIENT_ID = 301
    ORDERS_FULL = 302
    INSUFFICIENT_BALANCE = 303
    WOULD_TAKE = 304
    CANCEL_RESTRICTED = 305
    AMEND_INVALID = 306
    WOULD_TRIGGER = 307
    PEG_UNAVAILABLE = 308  # no such level in the book
    LIST_INVALID = 309  # legs that do not make the list
    LIST_LEG_REFUSED = 310  # another leg of the list was
    UNKNOWN_LIST = 311
    # why an accepted order expired
    NO_LIQUIDITY = 320  # an IOC or market order met no more makers at its price
    NOT_FILLABLE = 321  # FOK
    SELF_TRADE = 322
    WORK_LIMIT = 323  # STEPS_MAX makers touched
    BUDGET_SPENT = 324  # a market order whose balance or quote quantity buys not one lot more
    LIST_DONE = 325  # another leg of its list executes, or ended
    TIME_UP = 326  # GTD
    PRICE_RANGE = 327  # the next maker lies beyond the range in which trades may take place
    # ledger
    INVALID_TRANSFER_ID = 400
    ID_IN_FUTURE = 401
    ID_TOO_OLD = 402
    EXISTS = 403  # the same transfer was done before: success
    ID_ALREADY_FAILED = 404
    EXISTS_WITH_DIFFERENT_KIND = 410
    EXISTS_WITH_DIFFERENT_DEBIT = 411
    EXISTS_WITH_DIFFERENT_CREDIT = 412
    EXISTS_WITH_DIFFERENT_ASSET = 413
    EXISTS_WITH_DIFFERENT_AMOUNT = 414
    EXISTS_WITH_DIFFERENT_PENDING_ID = 415
    EXISTS_WITH_DIFFERENT_TIMEOUT = 416
    EXISTS_WITH_DIFFERENT_REASON = 417
    EXISTS_WITH_DIFFERENT_USER_DATA = 418
    UNKNOWN_ASSET = 420
    SAME_ACCOUNT = 421
    INVALID_AMOUNT = 422
    INVALID_TIMEOUT = 423
    INSUFFICIENT_AVAILABLE = 424
    SUPPLY_LIMIT = 425
    PENDING_FULL = 426
    PENDING_NOT_FOUND = 430
    PENDING_ALREADY_CAPTURED = 431
    PENDING_ALREADY_RELEASED = 432
    PENDING_EXPIRED = 433
    PENDING_MISMATCH = 434
    EXCEEDS_PENDING_AMOUNT = 435
    LINKED_FAILED = 440
    LINKED_CHAIN_OPEN = 441
    LINKED_CHAIN_TOO_LONG = 442
    PATH_INVALID = 450  # the markets of a CONVERT do not lead from the one asset to the other
    PATH_OVERLAP = 451  # two CONVERTs of one chain trade on the same market
    LIMIT_EXCEEDED = 452  # it would cost more than the payer agreed to
    # margin
    OTHER_OWNER = 460  # not an account that may do this, or not both of one owner
    MARGIN_ASSET = 461  # no margin asset, or not for this account
    MARGIN_SYMBOL = 462  # not a market for this account
    ACCOUNT_LIQUIDATING = 463
    LEVEL_TOO_LOW = 464
    INDEX_FROZEN = 465  # fewer than two fresh sources agree on a price
    BORROW_LIMIT = 466
    POOL_SHORT = 467  # the pool has less free
    NO_DEBT = 468
    INSUFFICIENT_SHARES = 469
    ZERO_SHARES = 470  # too little for one share, or one unit
    UNFAIR_PRICE = 471  # further from the index price than a margin account may trade
    # administration
    INVALID_ARGUMENT = 500
    ALREADY_EXISTS = 501
    POOL_FULL = 502
    UNKNOWN_KEY = 503
    ALREADY_OPEN = 504
    UNKNOWN_RULES = 505
    NOT_CONFIGURED = 510  # SET_MARGIN comes first


# Which kinds a role may send (OPERATOR may send all; TICK is everyone's).
ROLE_KINDS = {
    Role.TRADING: (*ORDER_KINDS, Kind.SET_ACCOUNT_DISCOUNT),
    Role.IDENTITY: (Kind.OPEN_ACCOUNT, Kind.ADD_KEY, Kind.SET_KEY, Kind.OPEN_MARGIN),
    Role.LEDGER: TRANSFER_KINDS,
    Role.CUSTODY: TRANSFER_KINDS,
    Role.CLOCK: (Kind.TICK,),
    Role.CAPACITY: (Kind.GROW,),
    Role.RATES: (Kind.SET_PRICE,),
    Role.MARGIN: (*LOAN_KINDS, Kind.TRANSFER, Kind.OPEN_MARGIN),
}

# ---------------------------------------------------------------- commands: three views of the same 128 bytes


def _record(itemsize: int, *fields: tuple) -> np.dtype:
    """A packed dtype from (name, format, offset[, shape]) rows; the gaps are reserved and must be zero."""
    names, formats, offsets = [], [], []
    for name, form, offset in fields:
        names.append(name)
        formats.append(form)
        offsets.append(offset)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize})


COMMAND_BYTES = 128

_COMMAND_HEAD = (("kind", "u1", 0), ("flags", "u1", 1), ("valid_until_ns", "<i8", 16))

ORDER_COMMAND = _record(
    COMMAND_BYTES,
    *_COMMAND_HEAD,
    ("side", "u1", 2),
    ("order_type", "u1", 3),
    ("time_in_force", "u1", 4),
    ("stp", "u1", 5),
    ("peg", "u1", 6),
    ("peg_offset", "u1", 7),  # levels deeper into the book
    ("account", "<i4", 8),
    ("symbol", "<i4", 12),
    ("order_id", "<i8", 24),  # the target of a cancel, replace or amend; CANCEL_LIST: the list id
    ("price_ticks", "<i8", 32),
    ("quantity_lots", "<i8", 40),
    ("quote_quantity", "<i8", 48),  # MARKET by value, in quote units
    ("expires_ns", "<i8", 48),  # in the same place: GTD until when; COUNTDOWN: how long from now, 0 = off
    ("stop_price_ticks", "<i8", 56),
    ("iceberg_lots", "<i8", 64),  # how much of it is shown at a time; 0 = all
    ("target", "<i8", 72),  # client_id_digest of the target, where order_id is 0
    ("key", "<i4", 80),  # the API key it came with; 0 = a signed-in session or an internal origin
    ("trailing_bps", "<u2", 84),
    ("side_effect", "u1", 86),
    ("list_type", "u1", 87),  # PLACE_LIST
    ("client_id", f"S{CLIENT_ID_BYTES}", 88),  # PLACE, REPLACE, AMEND: the (new) order's; CANCEL: the cancel's own
)

TRANSFER_COMMAND = _record(
    COMMAND_BYTES,
    *_COMMAND_HEAD,
    ("reason", "<u2", 2),  # the caller's own code, kept and reported
    ("debit", "<i4", 8),  # CONVERT: who pays, and receives
    ("credit", "<i4", 12),
    ("asset", "<i4", 24),
    ("amount", "<i8", 32),  # CAPTURE: 0 = all that was held; CONVERT: what is owed
    ("timeout_ns", "<i8", 40),  # HOLD: 0 = never expires
    ("id_hi", "<i8", 48),  # time the id was made, ns; > 0
    ("id_lo", "<i8", 56),  # random
    ("pending_hi", "<i8", 64),
    ("pending_lo", "<i8", 72),
    ("symbol", "<i4", 64),  # CONVERT, in the place of a pending id: the market on which `asset` is bought
    ("via_symbol", "<i4", 68),  # the market on which what that costs is bought first; 0 = none
    ("most", "<i8", 72),  # what the payer agreed to spend at most
    ("user_hi", "<i8", 80),  # the caller's own reference, kept and reported
    ("user_lo", "<i8", 88),
)

ADMIN_COMMAND = _record(
    COMMAND_BYTES,
    *_COMMAND_HEAD,
    ("status", "u1", 2),  # SET_SYMBOL_STATUS, SET_ACCOUNT_STATUS
    ("filter", "u1", 2),  # SET_FILTER
    ("scale", "u1", 3),  # ADD_ASSET
    ("tier", "u1", 4),  # SET_ACCOUNT_TIER, SET_FEES
    ("scopes", "u1", 5),  # ADD_KEY, SET_KEY (0 = revoked)
    ("role", "<u2", 6),  # REGISTER_ORIGIN
    ("pool", "u1", 7),  # GROW
    ("account", "<i4", 8),
    ("symbol", "<i4", 12),
    ("base", "<i4", 24),  # ADD_SYMBOL: assets; SET_FILTER: MAX_ASSET's asset
    ("quote", "<i4", 28),
    ("maker_ppm", "<i4", 32),  # ADD_SYMBOL, SET_FEES
    ("taker_ppm", "<i4", 36),
    ("key", "<i4", 40),  # SET_KEY
    ("max_orders", "<i4", 44),  # ADD_SYMBOL: open orders of one account
    ("value", "<i8", 48),  # GROW: capacity; SET_RULES: version; ADD_SYMBOL: lot_units
    ("value2", "<i8", 56),  # ADD_SYMBOL: tick_lot_units; SET_ORDER_LIMITS: per day
    ("reference_hi", "<i8", 64),  # OPEN_ACCOUNT, ADD_KEY
    ("reference_lo", "<i8", 72),
    ("max_price_ticks", "<i8", 64),  # ADD_SYMBOL, in the place of a reference
    ("max_quantity_lots", "<i8", 72),
    ("min_notional", "<i8", 80),  # ADD_SYMBOL, quote units
    ("max_market_lots", "<i8", 88),
    ("name", f"S{NAME_BYTES}", 104),  # ADD_ASSET, ADD_SYMBOL
    # In the places of the above, for the kinds of docs/MARGIN.md: `asset`, `account`, `symbol`, `tier` and `value`, and
    ("asset", "<i4", 24),
    ("source", "u1", 3),  # SET_PRICE
    ("ratio_ppm", "<i4", 32),  # SET_COLLATERAL
    ("reserve_ppm", "<i4", 32),  # SET_MARGIN_ASSET, with `symbol` its market, `status` 1 = borrowable, `scale` its price scale
    ("optimal_ppm", "<i4", 36),
    ("base_rate", "<i8", 48),  # hourly, RATE_ONE is the whole principal
    ("slope1_rate", "<i8", 56),
    ("slope2_rate", "<i8", 64),
    ("borrow_limit", "<i8", 72),  # principal of one account
    ("call_ppm", "<i4", 28),  # SET_MARGIN, with `asset` the numeraire: thresholds of the level
    ("liquidation_ppm", "<i4", 32),
    ("borrow_ppm", "<i4", 36),
    ("transfer_ppm", "<i4", 40),
    ("fee_ppm", "<i4", 44),  # of what a liquidation brought
    ("grace_ns", "<i8", 48),  # no liquidation so soon after a market resumed
    ("staleness_ns", "<i8", 56),  # how long a source's price is fresh
    ("slippage_ppm", "<i4", 64),  # from the index, of a liquidation's order
    ("slice_ppm", "<i4", 68),  # of the debt, in one round
    ("deviation_ppm", "<i4", 72),  # of a source from the median
    ("slice_min", "<i8", 80),  # in the numeraire: a debt up to this is liquidated in one round
)

# ---------------------------------------------------------------- events: three views of the same 160 bytes

EVENT_BYTES = 160

_EVENT_HEAD = (
    ("kind", "u1", 0),
    ("flags", "u1", 1),
    ("code", "<i2", 8),
    ("index", "<i4", 12),  # of the command in its frame; -1 where no command caused it
    ("seq", "<i8", 16),  # 1, 2, 3 … over the life of the venue
    ("time_ns", "<i8", 24),
)

ORDER_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("side", "u1", 2),  # of `order_id`
    ("order_type", "u1", 3),
    ("time_in_force", "u1", 4),
    ("stp", "u1", 5),
    ("status", "u1", 6),  # of `order_id`, afterwards
    ("counter_status", "u1", 7),
    ("account", "<i4", 32),
    ("counter_account", "<i4", 36),  # TRADE: the maker's
    ("symbol", "<i4", 40),
    ("order_id", "<i8", 48),  # TRADE: the taker's
    ("counter_order_id", "<i8", 56),
    ("price_ticks", "<i8", 64),
    ("quantity_lots", "<i8", 72),  # of this event: traded, rested, taken away; NEW, AMENDED: the order's
    ("executed_lots", "<i8", 80),  # of `order_id`, in all
    ("executed_quote", "<i8", 88),
    ("fee", "<i8", 96),  # of `order_id`'s owner, in the asset received
    ("counter_fee", "<i8", 104),
    ("counter_executed_lots", "<i8", 112),
    ("counter_executed_quote", "<i8", 120),
    ("trade_id", "<i8", 128),  # 1, 2, 3 … per symbol
    ("update_id", "<i8", 136),  # 1, 2, 3 … per symbol, one for each change of a level; 0 = the book did not change
    ("level_lots", "<i8", 144),  # what lies at price_ticks (on the book's side) after it
    ("order_lots", "<i8", 152),  # the order's whole quantity
    # In the places of what only TRADE and PREVENTED have, for all other kinds: the rest of the order's terms.
    ("list_id", "<i8", 56),
    ("stop_price_ticks", "<i8", 96),
    ("iceberg_lots", "<i8", 104),
    ("prevented_lots", "<i8", 112),
    ("expires_ns", "<i8", 120),  # GTD; COUNTDOWN: when it fires
    ("trailing_bps", "<u2", 128),
    ("peg", "u1", 130),
    ("peg_offset", "u1", 131),
    ("side_effect", "u1", 132),
    # PREVENTED: quantity_lots are the taker's prevented lots, trade_id is the prevented match id (1, 2, 3 … per symbol).
    ("counter_prevented_lots", "<i8", 104),
)

LIST_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("list_type", "u1", 2),
    ("list_status", "u1", 3),
    ("account", "<i4", 32),
    ("symbol", "<i4", 40),
    ("list_id", "<i8", 48),
    ("first_order_id", "<i8", 56),
    ("second_order_id", "<i8", 64),
    ("third_order_id", "<i8", 72),  # OTOCO
    ("placed_ns", "<i8", 80),
    ("client_id", f"S{CLIENT_ID_BYTES}", 88),
)

TRANSFER_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("reason", "<u2", 2),
    ("debit", "<i4", 32),
    ("credit", "<i4", 36),
    ("asset", "<i4", 40),
    ("id_hi", "<i8", 48),
    ("id_lo", "<i8", 56),
    ("pending_hi", "<i8", 64),
    ("pending_lo", "<i8", 72),
    ("amount", "<i8", 80),  # moved, or held
    ("released", "<i8", 88),  # given back from held to available; CONVERTED: what it cost, in the asset paid
    ("expires_ns", "<i8", 96),
    ("user_hi", "<i8", 104),
    ("user_lo", "<i8", 112),
    ("debit_available", "<i8", 120),  # balances afterwards
    ("debit_held", "<i8", 128),
    ("credit_available", "<i8", 136),  # CONVERTED: the payer's own, in the asset paid
    ("credit_held", "<i8", 144),
)

LOAN_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("reason", "<u2", 2),
    ("account", "<i4", 32),
    ("asset", "<i4", 40),
    ("id_hi", "<i8", 48),  # of the command; 0 where an order or a liquidation caused it
    ("id_lo", "<i8", 56),
    ("principal", "<i8", 64),  # afterwards; LENT, REDEEMED: the lender's shares
    ("interest", "<i8", 72),  # afterwards
    ("amount", "<i8", 80),
    ("part", "<i8", 88),  # BORROWED: interest that was added; REPAID: what of the amount paid interest; LENT, REDEEMED: shares
    ("rate", "<i8", 96),  # hourly, of the pool; RATE_ONE is the whole principal
    ("user_hi", "<i8", 104),
    ("user_lo", "<i8", 112),
    ("available", "<i8", 120),  # of the account, afterwards
    ("held", "<i8", 128),
    ("free", "<i8", 136),  # of the pool, afterwards
    ("borrowed", "<i8", 144),
    ("reserve", "<i8", 152),  # REPAID: what of the interest went to the insurance
)

ADMIN_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("command", "u1", 2),  # Kind
    ("account", "<i4", 32),
    ("key", "<i4", 36),
    ("symbol", "<i4", 40),
    ("asset", "<i4", 44),
    ("value", "<i8", 48),
)

MARGIN_EVENT = _record(
    EVENT_BYTES,
    *_EVENT_HEAD,
    ("count", "u1", 2),  # INDEX: sources that made it
    ("account", "<i4", 32),
    ("asset", "<i4", 36),
    ("symbol", "<i4", 40),
    ("order_id", "<i8", 48),  # LIQUIDATION
    ("price", "<i8", 56),  # INDEX: numeraire units for 10^price_scale units; LIQUIDATION: the order's limit, ticks
    ("amount", "<i8", 64),  # LIQUIDATION: what it brought; BAD_DEBT: principal
    ("fee", "<i8", 72),  # LIQUIDATION: to the insurance, of the asset received; alone (no order): what was left after a bad debt
    ("interest", "<i8", 80),  # BAD_DEBT: forgiven
    ("covered", "<i8", 88),  # BAD_DEBT: by the insurance
    ("lost", "<i8", 96),  # BAD_DEBT: by the lenders
    ("level_ppm", "<i8", 104),
    ("assets_value", "<i8", 112),  # in the numeraire's units
    ("debts_value", "<i8", 120),
)

# ---------------------------------------------------------------- frames

FRAME_MAGIC = 0x31465343  # "CSF1"
HASH_BYTES = 32

FRAME_HEADER = _record(
    128,
    ("magic", "<u4", 0),
    ("version", "<u2", 4),
    ("flags", "<u2", 6),
    ("count", "<i4", 8),  # commands that follow
    ("origin", "<i8", 16),  # random, fresh at each start of a process; > 0
    ("number", "<i8", 24),  # the origin's own: 1, 2, 3 …
    ("origin_time_ns", "<i8", 32),  # the origin's clock; the time until OPEN is logged
    ("position", "<i8", 40),  # stamped by the log: 1, 2, 3 …
    ("time_ns", "<i8", 48),  # stamped by the log
    ("durable", "<i8", 56),  # the highest position known durable when this frame was written
    ("chain", f"V{HASH_BYTES}", 64),  # hash over the previous frame's chain, this header up to here, and the commands
)

# ---------------------------------------------------------------- hashing (docs/CORE.md, "State hash")

MIX_MULTIPLIER = 0x9E3779B97F4A7C15
MIX_SEED = 0xC0FFEE0DDF00D5ED


class Table(IntEnum):
    """Seeds of the row hashes, so that equal rows of two tables differ."""

    META = 1
    ASSET = 2
    SYMBOL = 3
    FEES = 4
    ACCOUNT = 5
    BALANCE = 6
    ORDER = 7
    PENDING = 8
    TRANSFER_ID = 9
    KEY = 10
    ORIGIN = 11
    LIST = 12
    FILTER = 13
    MARGIN = 20
    MARGIN_ASSET = 21
    COLLATERAL = 22
    SOURCE = 23
    MARGIN_ACCOUNT = 24
    LOAN = 25
    LENDER = 26
    WATCH = 27
    TIER = 28
    DISCOUNT = 29
    FEE_ACCOUNT = 30

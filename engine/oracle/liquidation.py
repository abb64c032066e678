"""Upkeep of margin accounts: docs/MARGIN.md sections 5 and 6. Who is due, margin calls, liquidation and bad debt.

Owns the states of margin accounts and their watches. Runs between frames' commands and never within one; what it trades goes through the
order book like anybody's order, limited by the index and never by the book's own last price.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from engine.oracle.fees import taker_ppm
from engine.oracle.fills import Taker
from engine.oracle.levels import (
    asset_value,
    ceil_div,
    concerned,
    cumulative_at,
    debt_value,
    fair_limit,
    has_price,
    holding,
    interest_with,
    is_in_doubt,
    is_indebted,
    owed_at,
    worth,
)
from engine.oracle.loans import accrue, drop_watches, touch
from engine.oracle.margin_state import MarginAccount, MarginAsset, Watch
from engine.oracle.orders import Orders
from engine.oracle.prices import compute_index
from engine.oracle.records import margin_event
from engine.oracle.state import Order
from engine.types import (
    AMOUNT_MAX,
    CALLED_NS,
    EVALUATE_HOURS,
    EVALUATE_NS,
    HOUSE_INSURANCE,
    HOUSE_LENDING,
    LIQUIDATION_GROSS_MAX,
    PPM,
    ROUND_COST,
    ROUND_NS,
    STEPS_MAX,
    UPKEEP_BUDGET,
    VALUE_MAX,
    WATCH_SLACK,
    Direction,
    EventKind,
    MarginState,
    OrderType,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)

_INDEX = -1  # no command causes it


class Trade(NamedTuple):
    """What a liquidation would place: as many lots, at this limit."""

    symbol: int
    side: int
    received: int  # asset
    limit_ticks: int
    lots: int


class Upkeep:
    """Before the commands of one frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, orders: Orders, emit: Callable) -> None:
        self.state = orders.state
        self.emit = emit
        self._orders = orders
        self._desk = orders.desk

    def run(self, now: int) -> int:
        """Returns the time of the last step, or `now`."""
        for asset, row in sorted(self.state.margin.assets.items()):
            if row.until_ns and row.until_ns < now:
                now += 1
                compute_index(self.state, asset, _INDEX, now, self.emit)
        budget = UPKEEP_BUDGET
        while budget > 0:
            account = next(self._due(now), 0)
            if not account:
                break
            now += 1
            row = self.state.margin.accounts[account]
            if row.state == MarginState.LIQUIDATING:
                self._round(row, now)
                budget -= ROUND_COST
            else:
                self._evaluate(row, now)
                budget -= 1
            self.state.margin.accounts.touch(account)
        return now

    def _due(self, now: int) -> Iterator[int]:
        """Accounts that are due, the first one first."""
        margin = self.state.margin
        for asset, row in sorted(margin.assets.items()):
            watches = [(watch, account) for (account, on), watch in margin.watches.items() if on == asset]
            down = [(-watch.price, account) for watch, account in watches if watch.direction == Direction.DOWN and watch.price > row.price]
            up = [(watch.price, account) for watch, account in watches if watch.direction == Direction.UP and watch.price < row.price]
            yield from (account for _, account in sorted(down) + sorted(up))
        timed = sorted((row.due_ns, row.account) for row in margin.accounts.values() if 0 < row.due_ns <= now)
        yield from (account for _, account in timed)

    # ------------------------------------------------------------ evaluation

    def _evaluate(self, row: MarginAccount, now: int) -> None:
        state, setup, account = self.state, self.state.margin.setup, row.account
        drop_watches(state, account)
        now_worth, in_doubt = worth(state, account, now), is_in_doubt(state, account, now)
        if now_worth.above(setup.call_ppm):
            row.state, row.due_ns = MarginState.NORMAL, now + EVALUATE_NS
            self._watch(account, setup.call_ppm, now)
        elif in_doubt or now_worth.above(setup.liquidation_ppm):
            if row.state == MarginState.NORMAL:
                row.state = MarginState.CALLED
                self._tell_state(EventKind.MARGIN_CALL, account, now)
            row.due_ns = now + (CALLED_NS if now_worth.above(setup.liquidation_ppm) else ROUND_NS)
            self._watch(account, setup.liquidation_ppm, now)
        else:
            row.state, row.due_ns = MarginState.LIQUIDATING, now
            self._tell_state(EventKind.LIQUIDATION_STARTED, account, now)

    def _watch(self, account: int, threshold_ppm: int, now: int) -> None:
        """Have the account looked at before any moves of prices could bring it to the threshold."""
        state, margin = self.state, self.state.margin
        priced = [row for _, row in sorted(margin.assets.items()) if row.price]
        assets = {row.asset: asset_value(row, holding(state, account, row.asset)) for row in priced}
        debts = {row.asset: ceil_div(self._debt_to_come(account, row, now) * threshold_ppm, PPM) for row in priced}
        spare = sum(assets.values()) - sum(debts.values()) - WATCH_SLACK * len(priced)
        exposed = sum(abs(assets[row.asset] - debts[row.asset]) for row in priced if row.asset != margin.numeraire)
        if not exposed:
            return
        move_ppm = min(PPM, spare * PPM // exposed) if spare > 0 else 0
        for row in priced:
            move, net = row.price * move_ppm // PPM, assets[row.asset] - debts[row.asset]
            if row.asset == margin.numeraire or net == 0:
                continue
            watch = Watch(Direction.DOWN, row.price - move) if net > 0 else Watch(Direction.UP, row.price + move)
            margin.watches.put((account, row.asset), watch)

    def _debt_to_come(self, account: int, row: MarginAsset, now: int) -> int:
        """The value of a debt as it may become until the account is evaluated again, at the dearest rate."""
        loan = self.state.margin.loans.get((account, row.asset))
        if loan is None:
            return 0
        dearest = row.base_rate + row.slope1_rate + row.slope2_rate
        return debt_value(row, loan.principal + interest_with(loan, cumulative_at(row, now) + EVALUATE_HOURS * dearest))

    def _tell_state(self, kind: EventKind, account: int, now: int, **more: int) -> None:
        as_it_is = worth(self.state, account, now)
        self.emit(_INDEX, now, margin_event, kind=kind, account=account, level_ppm=as_it_is.level_ppm,
                  assets_value=as_it_is.assets, debts_value=as_it_is.debts, **more)  # fmt: skip

    # ------------------------------------------------------------ liquidation

    def _round(self, row: MarginAccount, now: int) -> None:
        state, account = self.state, row.account
        row.due_ns = now + ROUND_NS
        if is_in_doubt(state, account, now):
            return
        self._desk.at(_INDEX, now)
        _, some_are_left = self._desk.cancel_all(self._orders.open_orders(account, list(state.symbols)), STEPS_MAX)
        if some_are_left:
            row.due_ns = now
            return
        for loan in state.margin.loans_of(account):
            self._repay_from_available(account, loan.asset, now)
        if self._is_over(row, now):
            return
        able = self._trades(row, now)
        if not able:
            self._write_off(account, now)
            self._end(row, now)
            return
        trade = next((trade for trade in able if self._is_open(trade.symbol, now)), None)
        if trade is not None:
            self._trade(account, trade, now)
            self._is_over(row, now)

    def _repay_from_available(self, account: int, asset: int, now: int) -> None:
        available = self.state.balance(account, asset).available
        if available and (account, asset) in self.state.margin.loans:
            self._desk.loans.repay(account, asset, available, _INDEX, now)

    def _is_over(self, row: MarginAccount, now: int) -> bool:
        if is_indebted(self.state, row.account) and not worth(self.state, row.account, now).above(self.state.margin.setup.call_ppm):
            return False
        self._end(row, now)
        return True

    def _end(self, row: MarginAccount, now: int) -> None:
        row.state, row.due_ns = MarginState.NORMAL, 0
        touch(self.state, row.account, now)
        self._tell_state(EventKind.LIQUIDATION_ENDED, row.account, now)

    def _is_open(self, symbol: int, now: int) -> bool:
        row, grace_ns = self.state.symbols[symbol], self.state.margin.setup.grace_ns
        is_over = row.resumed_ns == 0 or row.resumed_ns + grace_ns <= now
        prices_hold = all(has_price(self.state.margin.assets[asset]) for asset in (row.base, row.quote))
        return row.status == SymbolStatus.TRADING and symbol not in self.state.backlog and is_over and prices_hold

    def _trades(self, row: MarginAccount, now: int) -> list[Trade]:
        """The trades that are possible, the one to be tried first first."""
        candidates = [candidate for candidate in self._candidates(row, now) if self._is_priced(candidate[0])]
        planned = (self._plan(row.account, *candidate, now) for candidate in candidates)
        return [trade for trade in planned if trade.lots >= 1]

    def _is_priced(self, number: int) -> bool:
        symbol, assets = self.state.symbols[number], self.state.margin.assets
        return assets[symbol.base].price > 0 < assets[symbol.quote].price

    def _candidates(self, row: MarginAccount, now: int) -> Iterator[tuple[int, int, int]]:
        """(symbol, asset paid, asset received)"""
        state, margin, account = self.state, self.state.margin, row.account
        if row.symbol:
            yield from self._isolated_candidate(account, row.symbol)
            return
        numeraire = margin.numeraire
        others = [of for of in concerned(state, account) if of.asset != numeraire and of.symbol]
        if state.balance(account, numeraire).available > 0:
            owed = [of for of in others if (account, of.asset) in margin.loans]
            owed.sort(key=lambda of: (-debt_value(of, owed_at(state, account, of.asset, now)), of.asset))
            yield from ((of.symbol, numeraire, of.asset) for of in owed)
        held = [of for of in others if state.balance(account, of.asset).available > 0]
        held.sort(key=lambda of: (-asset_value(of, holding(state, account, of.asset)), of.asset))
        yield from ((of.symbol, of.asset, numeraire) for of in held)

    def _isolated_candidate(self, account: int, number: int) -> Iterator[tuple[int, int, int]]:
        symbol = self.state.symbols[number]
        owes_quote = (account, symbol.quote) in self.state.margin.loans
        paid, received = (symbol.base, symbol.quote) if owes_quote else (symbol.quote, symbol.base)
        if self.state.balance(account, paid).available > 0:
            yield number, paid, received

    def _plan(self, account: int, number: int, paid: int, received: int, now: int) -> Trade:
        state, setup, symbol = self.state, self.state.margin.setup, self.state.symbols[number]
        base = state.margin.assets[symbol.base]
        side = Side.SELL if paid == symbol.base else Side.BUY
        limit = fair_limit(state, number, side)
        debts = worth(state, account, now).debts
        owed = owed_at(state, account, received, now)
        wanted = debt_value(state.margin.assets[received], owed) if owed else debts
        if wanted > setup.slice_min:
            wanted = min(wanted, max(setup.slice_min, ceil_div(debts * setup.slice_ppm, PPM), 1))
        lost_ppm = taker_ppm(state, number, account, now)
        if not (side == Side.BUY and owed):
            lost_ppm += setup.slippage_ppm
        wanted = ceil_div(min(wanted, VALUE_MAX) * PPM, PPM - min(lost_ppm, LIQUIDATION_GROSS_MAX))
        base_units = min(AMOUNT_MAX, ceil_div(wanted * 10**base.price_scale, base.price))
        lots = max(1, ceil_div(base_units, symbol.lot_units))
        available = state.balance(account, paid).available
        affordable = available // (symbol.lot_units if side == Side.SELL else limit * symbol.tick_lot_units)
        return Trade(number, side, received, limit, min(lots, affordable, symbol.max_quantity_lots))

    def _trade(self, account: int, trade: Trade, now: int) -> None:
        state, asset = self.state, trade.received
        before = state.balance(account, asset).available
        order = Order(0, account, trade.symbol, trade.side, OrderType.LIMIT, TimeInForce.IOC, Stp.EXPIRE_MAKER, trade.limit_ticks,
                      trade.lots, 0, 0, b"", now, now, hold_ticks=trade.limit_ticks)  # fmt: skip
        self._orders.place_from_within(Taker(order, from_within=True), _INDEX, now)
        brought = state.balance(account, asset).available - before
        self._repay_from_available(account, asset, now)
        fee = self._fee(account, asset, brought, now)
        state.change(account, asset, available=-fee)
        state.change(HOUSE_INSURANCE, asset, available=fee)
        self._tell_state(EventKind.LIQUIDATION, account, now, symbol=trade.symbol, asset=asset, order_id=order.order_id,
                         price=trade.limit_ticks, amount=brought, fee=fee)  # fmt: skip

    def _fee(self, account: int, asset: int, brought: int, now: int) -> int:
        """For the insurance; nothing where the account could not bear it."""
        fee = min(self.state.balance(account, asset).available, ceil_div(brought * self.state.margin.setup.fee_ppm, PPM))
        left = worth(self.state, account, now)
        bearable = left.assets > left.debts and left.assets - left.debts >= debt_value(self.state.margin.assets[asset], fee)
        return fee if brought > 0 and bearable else 0

    # ------------------------------------------------------------ bad debt

    def _write_off(self, account: int, now: int) -> None:
        """Nothing is left that could be sold: the insurance pays what it can, the lenders bear the rest."""
        state, margin = self.state, self.state.margin
        for asset in [loan.asset for loan in margin.loans_of(account)]:
            loan, pool = accrue(state, account, asset, now), margin.assets[asset]
            covered = max(0, min(loan.principal, state.balance(HOUSE_INSURANCE, asset).available))
            lost = loan.principal - covered
            state.change(HOUSE_INSURANCE, asset, available=-covered)
            state.change(HOUSE_LENDING, asset, available=covered)
            pool.borrowed -= loan.principal
            pool.free += covered
            pool.lent -= lost
            margin.loans.drop((account, asset))
            self.emit(_INDEX, now, margin_event, kind=EventKind.BAD_DEBT, account=account, asset=asset, amount=loan.principal,
                      interest=loan.interest, covered=covered, lost=lost)  # fmt: skip
        for row in concerned(state, account):
            dust = state.balance(account, row.asset).available
            if dust:
                state.change(account, row.asset, available=-dust)
                state.change(HOUSE_INSURANCE, row.asset, available=dust)
                self.emit(_INDEX, now, margin_event, kind=EventKind.LIQUIDATION, account=account, asset=row.asset, fee=dust)

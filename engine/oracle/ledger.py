"""Transfers, holds, chains and remembered ids: docs/CORE.md sections 4 and 5.

Owns every change of a balance that is not a trade or an order's hold, the pending transfers and the ids remembered. A chain
that fails is undone step by step from a list of inverse steps; nothing outside the chain sees its middle. A chain with a CONVERT is
rehearsed, undone and then performed, so that no trade ever needs to be undone.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from engine.oracle.convert import Plan, markets, plan, refuse_terms, refuse_today
from engine.oracle.levels import is_frozen, is_frozen_account, is_indebted, is_liquidating, is_margin, takes, worth
from engine.oracle.loans import touch
from engine.oracle.orders import Orders
from engine.oracle.records import TransferCommand, transfer_event
from engine.oracle.state import MARGIN_SINCE, MAY_OVERDRAW, Pending, Remembered, State
from engine.types import (
    AMOUNT_MAX,
    CHAIN_MAX,
    EXPIRIES_MAX,
    HOUSE_GATEWAY,
    HOUSE_LENDING,
    LOAN_KINDS,
    PPM,
    TIMEOUT_MAX_NS,
    TRANSFER_ID_AHEAD_NS,
    TRANSFER_ID_WINDOW_NS,
    Code,
    EventKind,
    Kind,
    Pool,
    Role,
    TransferFlag,
)

# What an id that is used again may differ in, in the order of the codes.
_COMPARED = (
    (Code.EXISTS_WITH_DIFFERENT_KIND, ("kind",)),
    (Code.EXISTS_WITH_DIFFERENT_DEBIT, ("debit",)),
    (Code.EXISTS_WITH_DIFFERENT_CREDIT, ("credit",)),
    (Code.EXISTS_WITH_DIFFERENT_ASSET, ("asset",)),
    (Code.EXISTS_WITH_DIFFERENT_AMOUNT, ("amount",)),
    (Code.EXISTS_WITH_DIFFERENT_PENDING_ID, ("pending_hi", "pending_lo")),
    (Code.EXISTS_WITH_DIFFERENT_TIMEOUT, ("timeout_ns",)),
    (Code.EXISTS_WITH_DIFFERENT_REASON, ("reason",)),
    (Code.EXISTS_WITH_DIFFERENT_USER_DATA, ("user_hi", "user_lo")),
)
_HOW_IT_ENDED = {
    EventKind.CAPTURED: Code.PENDING_ALREADY_CAPTURED,
    EventKind.RELEASED: Code.PENDING_ALREADY_RELEASED,
    EventKind.HOLD_EXPIRED: Code.PENDING_EXPIRED,
}


class Member(NamedTuple):
    """One transfer command of a chain, and when and where it stands."""

    command: TransferCommand
    index: int
    now: int
    permitted: bool  # by the origin's role


class Refusal(NamedTuple):
    code: Code
    remembered: bool = False  # from step 7 on, a failure fails for ever


class Ledger:
    """The transfer commands of one frame; `emit` takes (index, time, packer, event fields)."""

    def __init__(self, state: State, emit: Callable, orders: Orders) -> None:
        self.state = state
        self.emit = emit
        self._orders = orders
        self._loans = orders.desk.loans
        self._plans: dict[int, Plan] = {}  # what each CONVERT of the chain will trade, by its index
        self._undo: list[Callable[[], None]] = []

    # ------------------------------------------------------------ chains

    def run_chain(self, members: list[Member], role: int) -> list[Code]:
        """Execute a chain (often of one), all or none, and report on each member."""
        is_open = bool(members[-1].command.flags & TransferFlag.LINKED)
        if len(members) > CHAIN_MAX:
            return self._refuse_all(members, [Code.LINKED_CHAIN_TOO_LONG] * len(members))
        if is_open:
            return self._refuse_all(members, [Code.LINKED_FAILED] * (len(members) - 1) + [Code.LINKED_CHAIN_OPEN])
        if self._answer_by_id(members[0]) == Code.EXISTS:
            return self._refuse_all(members, [self._answer_by_id(member) or Code.LINKED_FAILED for member in members])
        return self._execute(members, role)

    def _execute(self, members: list[Member], role: int) -> list[Code]:
        """First a rehearsal that may fail and is always undone, then, if it did not fail, the performance."""
        self._undo, self._plans = [], {}
        failed = None
        for at, member in enumerate(members):
            refusal = self._refusal(member, members[:at], role)
            if refusal is not None:
                failed = at
                break
            self._rehearse(member)
        for step in reversed(self._undo):
            step()
        if failed is None:
            for member in members:
                self._perform(member)
            return [Code.OK] * len(members)
        if refusal.remembered:
            self._remember(members[failed], refusal.code)
        codes = [Code.LINKED_FAILED] * len(members)
        codes[failed] = refusal.code
        return self._refuse_all(members, codes)

    def run_loan(self, member: Member, role: int) -> Code:
        """BORROW, REPAY, LEND or REDEEM: remembered like a transfer, and by itself."""
        self._undo = []
        if member.command.flags & TransferFlag.LINKED:
            refusal = Refusal(Code.LINKED_CHAIN_OPEN)
        else:
            refusal = self._refusal(member, [], role)
        if refusal is None:
            self._loans.perform(member.command, member.index, member.now)
            self._remember(member, Code.OK)
            return Code.OK
        if refusal.remembered:
            self._remember(member, refusal.code)
        return self._refuse_all([member], [refusal.code])[0]

    def _refuse_all(self, members: list[Member], codes: list[Code]) -> list[Code]:
        for member, code in zip(members, codes, strict=True):
            self.emit(member.index, member.now, transfer_event, **_rejection(member.command, code))
        return codes

    # ------------------------------------------------------------ the ladder

    def _answer_by_id(self, member: Member) -> Code | None:
        """Steps 1-6: who, when, and whether the id was used before; None where none of them decides."""
        command, now = member.command, member.now
        if not member.permitted:
            return Code.NOT_PERMITTED
        if command.valid_until_ns and command.valid_until_ns < now:
            return Code.STALE
        if command.id_hi < 1:
            return Code.INVALID_TRANSFER_ID
        if command.id_hi > now + TRANSFER_ID_AHEAD_NS:
            return Code.ID_IN_FUTURE
        if command.id_hi < now - TRANSFER_ID_WINDOW_NS:
            return Code.ID_TOO_OLD
        known = self.state.remembered.get((command.id_hi, command.id_lo))
        if known is None:
            return None
        if known.code != Code.OK:
            return Code.ID_ALREADY_FAILED
        for code, names in _COMPARED:
            if any(getattr(known, name) != getattr(command, name) for name in names):
                return code
        return Code.EXISTS

    def _refusal(self, member: Member, earlier: list[Member], role: int) -> Refusal | None:
        by_id = self._answer_by_id(member)
        if by_id is not None:
            return Refusal(by_id)
        if member.command.id_hi <= self.state.horizon:
            return Refusal(Code.ID_TOO_OLD)
        if member.command.kind in (Kind.TRANSFER, Kind.HOLD):
            code = self._refuse_first_phase(member.command, role, member.now)
        elif member.command.kind == Kind.CONVERT:
            code = self._refuse_convert(member, earlier)
        elif member.command.kind in LOAN_KINDS:
            code = self._loans.refusal(member.command, member.now)
        else:
            code = self._refuse_second_phase(member.command, member.now)
        return None if code is None else Refusal(code, remembered=True)

    def _refuse_first_phase(self, command: TransferCommand, role: int, now: int) -> Code | None:
        state, amount = self.state, command.amount
        if command.asset not in state.assets:
            return Code.UNKNOWN_ASSET
        if not (state.is_account(command.debit) and state.is_account(command.credit)):
            return Code.UNKNOWN_ACCOUNT
        if command.debit == command.credit:
            return Code.SAME_ACCOUNT
        if not 1 <= amount <= AMOUNT_MAX:
            return Code.INVALID_AMOUNT
        if not 0 <= command.timeout_ns <= (TIMEOUT_MAX_NS if command.kind == Kind.HOLD else 0):
            return Code.INVALID_TIMEOUT
        if (command.pending_hi, command.pending_lo) != (0, 0):
            return Code.PENDING_MISMATCH
        if is_frozen_account(state, command.debit):
            return Code.ACCOUNT_FROZEN
        if command.debit == HOUSE_GATEWAY and not role & (Role.CUSTODY | Role.OPERATOR):
            return Code.NOT_PERMITTED
        code = self._refuse_parties(command, role)
        if code is not None:
            return code
        if command.kind == Kind.HOLD and len(state.pending) >= state.capacity[Pool.PENDING]:
            return Code.PENDING_FULL
        available = state.balance(command.debit, command.asset).available
        if command.debit not in MAY_OVERDRAW and available < amount:
            return Code.INSUFFICIENT_AVAILABLE
        if available - amount < -AMOUNT_MAX:
            return Code.SUPPLY_LIMIT
        if command.kind == Kind.TRANSFER and self._exceeds_supply(command.credit, command.asset, amount):
            return Code.SUPPLY_LIMIT
        return refuse_withdrawal(state, command.debit, command.asset, amount, now)

    def _refuse_parties(self, command: TransferCommand, role: int) -> Code | None:
        """Steps 14 to 14e: who may send what to whom where margin accounts and the lending pool are concerned."""
        state, debit, credit = self.state, command.debit, command.credit
        if state.rules_version < MARGIN_SINCE:
            return None
        one_owner = state.margin.owner(debit) == state.margin.owner(credit)
        if not role & (Role.OPERATOR | Role.LEDGER | Role.CUSTODY) and not one_owner:
            return Code.NOT_PERMITTED
        if HOUSE_LENDING in (debit, credit):
            return Code.NOT_PERMITTED
        if (is_margin(state, debit) or is_margin(state, credit)) and (command.kind == Kind.HOLD or not one_owner):
            return Code.OTHER_OWNER
        if is_margin(state, credit) and not takes(state, credit, command.asset):
            return Code.MARGIN_ASSET
        return Code.ACCOUNT_LIQUIDATING if is_liquidating(state, debit) else None

    def _refuse_second_phase(self, command: TransferCommand, now: int) -> Code | None:
        pending_id = (command.pending_hi, command.pending_lo)
        hold = self.state.pending.get(pending_id)
        if hold is None:
            known = self.state.remembered.get(pending_id)
            return _HOW_IT_ENDED.get(known.ended, Code.PENDING_NOT_FOUND) if known else Code.PENDING_NOT_FOUND
        if hold.expires_ns and hold.expires_ns <= now:
            return Code.PENDING_EXPIRED
        for given, held in ((command.debit, hold.debit), (command.credit, hold.credit), (command.asset, hold.asset)):
            if given not in (0, held):
                return Code.PENDING_MISMATCH
        if command.timeout_ns or (command.kind == Kind.RELEASE and command.amount):
            return Code.PENDING_MISMATCH
        if command.amount < 0:
            return Code.INVALID_AMOUNT
        if command.amount > hold.amount:
            return Code.EXCEEDS_PENDING_AMOUNT
        if command.kind == Kind.CAPTURE and self._exceeds_supply(hold.credit, hold.asset, command.amount or hold.amount):
            return Code.SUPPLY_LIMIT
        return None

    def _refuse_convert(self, member: Member, earlier: list[Member]) -> Code | None:
        """Steps 8-17; what passes has its plan in `_plans`."""
        state, command = self.state, member.command
        code = refuse_terms(state, command)
        if code is not None:
            return code
        traded = {market for other in earlier if other.command.kind == Kind.CONVERT for market in markets(other.command)}
        if traded.intersection(markets(command)):
            return Code.PATH_OVERLAP
        code = refuse_today(state, command)
        if code is not None:
            return code
        planned = plan(state, command, member.now)
        if isinstance(planned, Code):
            return planned
        if planned.cost > command.most:
            return Code.LIMIT_EXCEEDED
        if state.balance(command.debit, planned.asset_paid).available < planned.cost:
            return Code.INSUFFICIENT_AVAILABLE
        self._plans[member.index] = planned
        return None

    def _exceeds_supply(self, credit: int, asset: int, amount: int) -> bool:
        balance = self.state.balance(credit, asset)
        return balance.available + balance.held + amount > AMOUNT_MAX

    # ------------------------------------------------------------ effects: from here on nothing fails

    def _rehearse(self, member: Member) -> None:
        """Do as if the command were executed; of a CONVERT only the payer notices."""
        if member.command.kind == Kind.CONVERT:
            payer, planned = member.command.debit, self._plans[member.index]
            bought = [*(leg.asset_paid for leg in planned.legs[1:]), member.command.asset]
            for leg, asset in zip(planned.legs, bought, strict=True):
                self._change(payer, leg.asset_paid, available=-leg.cost)
                self._change(payer, asset, available=leg.received)
        else:
            self._effect(member)
        self._remember(member, Code.OK)

    def _perform(self, member: Member) -> None:
        event = self._convert(member) if member.command.kind == Kind.CONVERT else self._effect(member)
        self._remember(member, Code.OK)
        self.emit(member.index, member.now, transfer_event, **event)

    def _effect(self, member: Member) -> dict[str, int]:
        """Do what any command but a CONVERT asks, and return the event."""
        command, now = member.command, member.now
        if command.kind == Kind.TRANSFER:
            self._change(command.debit, command.asset, available=-command.amount)
            self._change(command.credit, command.asset, available=command.amount)
            for account in (command.debit, command.credit):
                self._touch(account, now)
            return self._event(EventKind.TRANSFERRED, command, command, amount=command.amount)
        if command.kind == Kind.HOLD:
            return self._hold(command, now)
        return self._resolve(command)

    def _convert(self, member: Member) -> dict[str, int]:
        """Trade as planned."""
        command, planned = member.command, self._plans[member.index]
        for leg in planned.legs:
            self._orders.fill_at_market(command.debit, leg.symbol, leg.side, leg.lots, member.index, member.now)
        paid = self.state.balance(command.debit, planned.asset_paid)
        return self._event(EventKind.CONVERTED, command, command, amount=command.amount, released=planned.cost,
                           credit_available=paid.available, credit_held=paid.held)  # fmt: skip

    def _hold(self, command: TransferCommand, now: int) -> dict[str, int]:
        expires_ns = now + command.timeout_ns if command.timeout_ns else 0
        self._change(command.debit, command.asset, available=-command.amount, held=command.amount)
        self._add_pending(
            Pending(command.id_hi, command.id_lo, command.debit, command.credit, command.asset, command.amount, expires_ns,
                    command.reason, command.user_hi, command.user_lo, now)
        )  # fmt: skip
        return self._event(EventKind.HELD, command, command, amount=command.amount, expires_ns=expires_ns)

    def _resolve(self, command: TransferCommand) -> dict[str, int]:
        hold = self.state.pending[command.pending_hi, command.pending_lo]
        captures = command.kind == Kind.CAPTURE
        amount = (command.amount or hold.amount) if captures else 0
        kind = EventKind.CAPTURED if captures else EventKind.RELEASED
        self._end_pending(hold, kind)
        self._change(hold.debit, hold.asset, available=hold.amount - amount, held=-hold.amount)
        if captures:
            self._change(hold.credit, hold.asset, available=amount)
        return self._event(kind, command, hold, amount=amount, released=hold.amount - amount)

    def expire(self, now: int) -> tuple[int, bool]:
        """Let holds expire that are due at `now`; returns the time of the last one, or `now`, and whether there was one."""
        due = [hold for hold in self.state.pending.values() if 0 < hold.expires_ns <= now]
        due.sort(key=lambda hold: (hold.expires_ns, hold.held_ns))
        for at, hold in enumerate(due[:EXPIRIES_MAX]):
            now += at > 0
            self._undo = []
            self._end_pending(hold, EventKind.HOLD_EXPIRED)
            self._change(hold.debit, hold.asset, available=hold.amount, held=-hold.amount)
            event = self._event(EventKind.HOLD_EXPIRED, hold, hold, released=hold.amount, expires_ns=hold.expires_ns)
            self.emit(-1, now, transfer_event, **event)
        return now, bool(due)

    def _event(self, kind: EventKind, own: TransferCommand | Pending, parties, **amounts: int) -> dict[str, int]:
        """`own` names id, reason and user data; `parties` debit, credit and asset."""
        debit = self.state.balance(parties.debit, parties.asset)
        credit = self.state.balance(parties.credit, parties.asset)
        return {
            "kind": kind, "reason": own.reason, "debit": parties.debit, "credit": parties.credit, "asset": parties.asset,
            "id_hi": own.id_hi, "id_lo": own.id_lo, "pending_hi": getattr(own, "pending_hi", 0),
            "pending_lo": getattr(own, "pending_lo", 0), "user_hi": own.user_hi, "user_lo": own.user_lo,
            "debit_available": debit.available, "debit_held": debit.held, "credit_available": credit.available,
            "credit_held": credit.held, **amounts,
        }  # fmt: skip

    # ------------------------------------------------------------ single steps, each with its inverse

    def _change(self, account: int, asset: int, available: int = 0, held: int = 0) -> None:
        self.state.change(account, asset, available, held)
        self._undo.append(lambda: self.state.change(account, asset, -available, -held))

    def _touch(self, account: int, now: int) -> None:
        """A margin account is due after a transfer; like every step, this has its inverse."""
        row = self.state.margin.accounts.get(account)
        if row is None:
            return
        before = row.due_ns

        def undo() -> None:
            row.due_ns = before
            self.state.margin.accounts.touch(account)

        touch(self.state, account, now)
        self._undo.append(undo)

    def _add_pending(self, hold: Pending) -> None:
        pending, key = self.state.pending, (hold.id_hi, hold.id_lo)
        pending.put(key, hold)
        self._undo.append(lambda: pending.drop(key))

    def _end_pending(self, hold: Pending, how: EventKind) -> None:
        pending, key = self.state.pending, (hold.id_hi, hold.id_lo)
        pending.drop(key)
        self._undo.append(lambda: pending.put(key, hold))
        known = self.state.remembered.get(key)
        if known is not None:
            self.state.remembered.put(key, replace(known, ended=how))
            self._undo.append(lambda: self.state.remembered.put(key, known))

    def _remember(self, member: Member, code: Code) -> None:
        state, command = self.state, member.command
        if len(state.remembered) == state.capacity[Pool.TRANSFER_IDS]:
            self._forget_oldest()
        key = (command.id_hi, command.id_lo)
        assert key not in state.remembered, "an id is remembered once"
        state.remembered.put(
            key,
            Remembered(command.id_hi, command.id_lo, command.kind, command.debit, command.credit, command.asset, command.amount,
                       command.pending_hi, command.pending_lo, command.timeout_ns, command.reason, command.user_hi,
                       command.user_lo, code, 0, member.now),
        )  # fmt: skip
        state.remembered_order.append(key)
        self._undo.append(lambda: (state.remembered.drop(key), state.remembered_order.pop()))

    def _forget_oldest(self) -> None:
        state = self.state
        key = state.remembered_order.popleft()
        forgotten, horizon = state.remembered.drop(key), state.horizon
        state.horizon = max(horizon, forgotten.id_hi)

        def undo() -> None:
            state.remembered_order.appendleft(key)
            state.remembered.put(key, forgotten)
            state.horizon = horizon

        self._undo.append(undo)


def refuse_withdrawal(state: State, account: int, asset: int, amount: int, now: int) -> Code | None:
    """Whether an indebted margin account may give `amount` away."""
    if not is_margin(state, account) or not is_indebted(state, account):
        return None
    if is_frozen(state, account):
        return Code.INDEX_FROZEN
    after = worth(state, account, now, asset, more=-amount)
    return None if after.collateral * PPM > state.margin.setup.transfer_ppm * after.debts else Code.LEVEL_TOO_LOW


def _rejection(command: TransferCommand, code: Code) -> dict[str, int]:
    names = ("reason", "debit", "credit", "asset", "id_hi", "id_lo", "pending_hi", "pending_lo", "amount", "user_hi", "user_lo")
    return {"kind": EventKind.TRANSFER_REJECTED, "code": code} | {name: getattr(command, name) for name in names}

"""Builders of command records: the one place where arguments become bytes.

Each builder returns a one-element array of its family's dtype (engine/types.py); `frame` joins any of them. Values are not judged here:
the core does that. Integers beyond 64 bits raise OverflowError; a client id longer than CLIENT_ID_BYTES raises ValueError.
"""

import struct

import numpy as np

from engine.types import (
    ADMIN_COMMAND,
    BOTH_SIDES,
    CLIENT_ID_BYTES,
    MIX_MULTIPLIER,
    MIX_SEED,
    ORDER_COMMAND,
    TRANSFER_COMMAND,
    Kind,
    OrderType,
    Peg,
    SideEffect,
    Stp,
    TimeInForce,
)

_WORD = 2**64
# ORDER_COMMAND field by field: writing a record in one piece is several times faster than assigning its fields.
_pack_order = struct.Struct("<8B2i8qiHBB40s").pack


def client_id_digest(client_id: bytes | str) -> int:
    """The 64-bit signed digest by which the core compares client order ids (docs/CORE.md section 3); 0 for an empty id."""
    raw = _client_id(client_id)
    if not raw:
        return 0
    digest = MIX_SEED
    padded = raw.ljust(CLIENT_ID_BYTES, b"\0")
    for at in range(0, CLIENT_ID_BYTES, 8):
        digest = ((digest ^ int.from_bytes(padded[at : at + 8], "little")) * MIX_MULTIPLIER) % _WORD
        digest ^= digest >> 32
    signed = digest - _WORD if digest >= _WORD // 2 else digest
    return signed or 1


def _client_id(client_id: bytes | str) -> bytes:
    raw = client_id.encode("ascii") if isinstance(client_id, str) else bytes(client_id)
    if len(raw) > CLIENT_ID_BYTES:
        raise ValueError(f"a client id has at most {CLIENT_ID_BYTES} bytes, this one {len(raw)}")
    return raw


def _command(dtype: np.dtype, kind: Kind, **fields) -> np.ndarray:
    command = np.zeros(1, dtype)
    command["kind"] = kind
    for name, value in fields.items():
        command[name] = value
    return command


def frame(*commands: np.ndarray) -> np.ndarray:
    """The commands of a frame, of any family, as one array of 128-byte records (typed ORDER_COMMAND)."""
    # As bytes: joining structured arrays would close the gaps of their layout.
    raw = [np.ascontiguousarray(command).view(np.uint8) for command in commands]
    return np.concatenate(raw, dtype=np.uint8).view(ORDER_COMMAND) if raw else np.zeros(0, ORDER_COMMAND)


def place(account: int, symbol: int, side: int, order_type: int = OrderType.LIMIT, *, quantity_lots: int = 0, price_ticks: int = 0,
          quote_quantity: int = 0, time_in_force: int = TimeInForce.GTC, stp: int = Stp.NONE, client_id: bytes | str = b"",
          key: int = 0, valid_until_ns: int = 0, stop_price_ticks: int = 0, trailing_bps: int = 0, iceberg_lots: int = 0,
          peg: int = Peg.NONE, peg_offset: int = 0, expires_ns: int = 0,
          side_effect: int = SideEffect.NONE) -> np.ndarray:  # fmt: skip
    """A new order, or a leg of a list. MARKET takes quantity_lots or quote_quantity, the others price_ticks (or a peg) and quantity_lots;
    STOP_LOSS* and TAKE_PROFIT* take stop_price_ticks, trailing_bps or both; GTD takes expires_ns (in quote_quantity's place)."""
    try:
        record = _pack_order(Kind.PLACE, 0, side, order_type, time_in_force, stp, peg, peg_offset, account, symbol, valid_until_ns, 0,
                             price_ticks, quantity_lots, quote_quantity or expires_ns, stop_price_ticks, iceberg_lots, 0, key,
                             trailing_bps, side_effect, 0, _client_id(client_id))  # fmt: skip
    except struct.error as error:
        raise OverflowError(str(error)) from None
    return np.frombuffer(bytearray(record), ORDER_COMMAND)


def cancel(account: int, symbol: int, order_id: int = 0, *, target: bytes | str = b"", client_id: bytes | str = b"", flags: int = 0,
           key: int = 0, valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """Cancel the order with `order_id`, or the open one whose client id is `target`; `client_id` names the cancel itself."""
    return _command(ORDER_COMMAND, Kind.CANCEL, account=account, symbol=symbol, order_id=order_id, target=client_id_digest(target),
                    client_id=_client_id(client_id), flags=flags, key=key, valid_until_ns=valid_until_ns)  # fmt: skip


def cancel_all(account: int, symbol: int, *, key: int = 0, valid_until_ns: int = 0) -> np.ndarray:
    """Cancel every open order of the account on the symbol."""
    return _command(ORDER_COMMAND, Kind.CANCEL_ALL, account=account, symbol=symbol, key=key, valid_until_ns=valid_until_ns)


def replace(account: int, symbol: int, side: int, order_type: int = OrderType.LIMIT, *, order_id: int = 0, target: bytes | str = b"",
            quantity_lots: int = 0, price_ticks: int = 0, quote_quantity: int = 0, time_in_force: int = TimeInForce.GTC,
            stp: int = Stp.NONE, client_id: bytes | str = b"", flags: int = 0, key: int = 0, valid_until_ns: int = 0,
            stop_price_ticks: int = 0, trailing_bps: int = 0, iceberg_lots: int = 0, peg: int = Peg.NONE, peg_offset: int = 0,
            expires_ns: int = 0, side_effect: int = SideEffect.NONE) -> np.ndarray:  # fmt: skip
    """Cancel one order and place another in one step; quantity_lots 0 takes over what was left of the cancelled one."""
    return _command(ORDER_COMMAND, Kind.REPLACE, account=account, symbol=symbol, side=side, order_type=order_type, order_id=order_id,
                    target=client_id_digest(target), quantity_lots=quantity_lots, price_ticks=price_ticks,
                    quote_quantity=quote_quantity or expires_ns, time_in_force=time_in_force, stp=stp, client_id=_client_id(client_id),
                    flags=flags, key=key, valid_until_ns=valid_until_ns, stop_price_ticks=stop_price_ticks,
                    trailing_bps=trailing_bps, iceberg_lots=iceberg_lots, peg=peg, peg_offset=peg_offset,
                    side_effect=side_effect)  # fmt: skip


def amend(account: int, symbol: int, order_id: int = 0, *, quantity_lots: int, target: bytes | str = b"", client_id: bytes | str = b"",
          key: int = 0, valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """Lower the order's whole quantity to `quantity_lots`; it keeps its place in the queue."""
    return _command(ORDER_COMMAND, Kind.AMEND, account=account, symbol=symbol, order_id=order_id, quantity_lots=quantity_lots,
                    target=client_id_digest(target), client_id=_client_id(client_id), key=key, valid_until_ns=valid_until_ns)  # fmt: skip


def place_list(list_type: int, *legs: np.ndarray, client_id: bytes | str = b"") -> np.ndarray:
    """An order list: its head and its legs, which are `place` commands of one account, symbol and key; OCO: two, OTO: working and pending,
    OTOCO: working and the pending pair. `client_id` is the list's own."""
    first = legs[0][0]
    head = _command(ORDER_COMMAND, Kind.PLACE_LIST, list_type=list_type, account=first["account"], symbol=first["symbol"],
                    key=first["key"], valid_until_ns=first["valid_until_ns"], client_id=_client_id(client_id))  # fmt: skip
    return frame(head, *legs)


def cancel_list(account: int, symbol: int, list_id: int = 0, *, target: bytes | str = b"", key: int = 0,
                valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """Cancel every open order of the list with `list_id`, or of the open one whose client id is `target`."""
    return _command(ORDER_COMMAND, Kind.CANCEL_LIST, account=account, symbol=symbol, order_id=list_id, target=client_id_digest(target),
                    key=key, valid_until_ns=valid_until_ns)  # fmt: skip


def mass_cancel(account: int, symbol: int = 0, side: int = BOTH_SIDES, *, key: int = 0, valid_until_ns: int = 0) -> np.ndarray:
    """Cancel the account's open orders, on one symbol or (0) on all, of one side or of both."""
    return _command(ORDER_COMMAND, Kind.MASS_CANCEL, account=account, symbol=symbol, side=side, key=key, valid_until_ns=valid_until_ns)


def countdown(account: int, duration_ns: int, *, key: int = 0, valid_until_ns: int = 0) -> np.ndarray:
    """Set the account's dead man's switch: all its orders are cancelled after `duration_ns` unless it is set again; 0 switches it off."""
    return _command(ORDER_COMMAND, Kind.COUNTDOWN, account=account, expires_ns=duration_ns, key=key, valid_until_ns=valid_until_ns)


def transfer(kind: Kind, transfer_id: tuple[int, int], *, debit: int = 0, credit: int = 0, asset: int = 0, amount: int = 0,
             pending_id: tuple[int, int] = (0, 0), timeout_ns: int = 0, reason: int = 0, user: tuple[int, int] = (0, 0),
             flags: int = 0, valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """A ledger command: TRANSFER, HOLD, CAPTURE or RELEASE. Ids are (time the id was made in ns, 63 random bits)."""
    return _command(TRANSFER_COMMAND, kind, id_hi=transfer_id[0], id_lo=transfer_id[1], debit=debit, credit=credit, asset=asset,
                    amount=amount, pending_hi=pending_id[0], pending_lo=pending_id[1], timeout_ns=timeout_ns, reason=reason,
                    user_hi=user[0], user_lo=user[1], flags=flags, valid_until_ns=valid_until_ns)  # fmt: skip


def convert(transfer_id: tuple[int, int], *, account: int, asset: int, amount: int, most: int, symbol: int, via_symbol: int = 0,
            reason: int = 0, user: tuple[int, int] = (0, 0), flags: int = 0, valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """CONVERT: the account buys `amount` units of the asset on `symbol`, or on `via_symbol` and then `symbol`, for `most` units at most."""
    return _command(TRANSFER_COMMAND, Kind.CONVERT, id_hi=transfer_id[0], id_lo=transfer_id[1], debit=account, asset=asset,
                    amount=amount, most=most, symbol=symbol, via_symbol=via_symbol, reason=reason, user_hi=user[0], user_lo=user[1],
                    flags=flags, valid_until_ns=valid_until_ns)  # fmt: skip


def admin(kind: Kind, **fields) -> np.ndarray:
    """An administration command; `fields` are those of ADMIN_COMMAND."""
    return _command(ADMIN_COMMAND, kind, **fields)


def loan(kind: Kind, transfer_id: tuple[int, int], *, account: int, asset: int, amount: int = 0, reason: int = 0,
         user: tuple[int, int] = (0, 0), valid_until_ns: int = 0) -> np.ndarray:  # fmt: skip
    """BORROW, REPAY (amount 0: all that is owed), LEND or REDEEM (amount 0: all of the lender's shares)."""
    return transfer(kind, transfer_id, debit=account, asset=asset, amount=amount, reason=reason, user=user, valid_until_ns=valid_until_ns)


def open_margin(owner: int, symbol: int = 0) -> np.ndarray:
    """A margin account for `owner`: cross, or isolated on `symbol`."""
    return admin(Kind.OPEN_MARGIN, account=owner, symbol=symbol)


def set_price(asset: int, source: int, price: int, *, valid_until_ns: int = 0) -> np.ndarray:
    """What a source says: numeraire units for 10^price_scale units of the asset; 0 withdraws what it said."""
    return admin(Kind.SET_PRICE, asset=asset, source=source, value=price, valid_until_ns=valid_until_ns)


def set_account_discount(account: int, on: bool) -> np.ndarray:
    """Whether the account pays its fees in the discount asset."""
    return admin(Kind.SET_ACCOUNT_DISCOUNT, account=account, value=int(on))

"""Matching with reports only, slow and obvious: what engine/kernels/matching.py must write, from the words of its first page."""

from collections import deque
from typing import NamedTuple

import numpy as np
from sortedcontainers import SortedDict

from engine.kernels.matching import REPORT, Message, Report

BUY, SELL = 0, 1


class Order(NamedTuple):
    side: int
    price: int


class ReferenceBook:
    def __init__(self) -> None:
        self.levels = {BUY: SortedDict(), SELL: SortedDict()}  # price -> ids, the oldest first
        self.orders: dict[int, Order] = {}
        self.left: dict[int, int] = {}
        self.reports: list[tuple] = []

    def run(self, messages: np.ndarray) -> np.ndarray:
        for kind, side, ioc, _, quantity, sequence, order_id, price, _ in messages.tolist():
            self.sequence = sequence
            if kind == Message.NEW:
                self.place(order_id, side, price, quantity, ioc)
            elif kind == Message.CANCEL:
                self.cancel(order_id)
            else:
                self.modify(order_id, price, quantity)
        return np.array(self.reports, REPORT)

    def tell(self, kind: Report, order_id: int, side: int = 0, price: int = 0, quantity: int = 0, maker: int = 0) -> None:
        self.reports.append((kind, side, 0, quantity, self.sequence, order_id, price, maker))

    def place(self, order_id: int, side: int, price: int, quantity: int, ioc: int) -> None:
        if order_id in self.orders:
            self.tell(Report.CANCEL_REJECT, order_id)
            return
        self.tell(Report.ORDER_ACK, order_id, side, price, quantity)
        left = self.take(order_id, side, price, quantity)
        if left and ioc:
            self.tell(Report.CANCEL_ACK, order_id, side, price, left)
        elif left:
            self.enter(order_id, side, price, left)

    def cancel(self, order_id: int) -> None:
        if order_id not in self.orders:
            self.tell(Report.CANCEL_REJECT, order_id)
            return
        order = self.orders[order_id]
        self.tell(Report.CANCEL_ACK, order_id, order.side, order.price, self.left[order_id])
        self.leave(order_id)

    def modify(self, order_id: int, price: int, quantity: int) -> None:
        if order_id not in self.orders:
            self.tell(Report.MODIFY_REJECT, order_id)
            return
        side = self.orders[order_id].side
        self.tell(Report.MODIFY_ACK, order_id, side, price, quantity)
        self.leave(order_id)
        left = self.take(order_id, side, price, quantity)
        if left:
            self.enter(order_id, side, price, left)

    def take(self, order_id: int, side: int, limit: int, left: int) -> int:
        against = self.levels[1 - side]
        while left and against:
            best, ids = against.peekitem(0 if side == BUY else -1)
            if best > limit if side == BUY else best < limit:
                break
            maker = ids[0]
            traded = min(left, self.left[maker])
            left -= traded
            self.left[maker] -= traded
            self.tell(Report.TRADE, order_id, side, best, traded, maker)
            if not self.left[maker]:
                self.leave(maker)
        return left

    def enter(self, order_id: int, side: int, price: int, quantity: int) -> None:
        self.orders[order_id] = Order(side, price)
        self.left[order_id] = quantity
        self.levels[side].setdefault(price, deque()).append(order_id)

    def leave(self, order_id: int) -> None:
        side, price = self.orders.pop(order_id)
        del self.left[order_id]
        self.levels[side][price].remove(order_id)
        if not self.levels[side][price]:
            del self.levels[side][price]

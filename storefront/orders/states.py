"""What an order may become and who may ask for it: three axes as tables, without a database.

    payment     where the money is           fulfilment   where the goods are          dispute   whether the two sides agree

The axes step on their own; what ties them together are the rules of ACTIONS. Every step is (state, event) -> state, and an event that a
state has no entry for is refused. docs/SHOP.md shows the same tables.
"""

from typing import NamedTuple

from storefront.errors import Refusal, ShopError

PAYMENT = {
    ("pending", "settled"): "held",
    ("pending", "refused"): "failed",
    ("held", "refund_part"): "held",  # the rest stays in escrow
    ("held", "refund"): "refunded",  # all of it, with what came back before
    ("held", "release"): "released",  # all of it
    ("held", "divide"): "divided",  # nothing stays in escrow, both have a part
    ("released", "refund_part"): "divided",  # out of what the seller has been given
    ("released", "refund"): "refunded",
    ("divided", "refund_part"): "divided",
    ("divided", "refund"): "refunded",
}
FULFILMENT = {
    ("unfulfilled", "ship_part"): "partially_shipped",
    ("unfulfilled", "ship"): "shipped",
    ("unfulfilled", "cancel_part"): "unfulfilled",
    ("unfulfilled", "cancel"): "canceled",
    ("partially_shipped", "ship_part"): "partially_shipped",
    ("partially_shipped", "ship"): "shipped",
    ("partially_shipped", "cancel_part"): "partially_shipped",
    ("partially_shipped", "cancel_rest"): "shipped",  # what was not cancelled is under way
    ("shipped", "receive"): "received",
    ("received", "return_part"): "received",
    ("received", "return"): "returned",
}
DISPUTE = {
    ("none", "open"): "open",
    ("withdrawn", "open"): "open",
    ("open", "withdraw"): "withdrawn",
    ("open", "concede"): "for_buyer",  # the seller gives everything back
    ("open", "decide_for_buyer"): "for_buyer",
    ("open", "decide_for_seller"): "for_seller",
    ("open", "decide_divided"): "divided",
}
RETURN = {
    ("requested", "approve"): "approved",
    ("requested", "decline"): "declined",
    ("approved", "receive"): "received",
    ("received", "refund"): "refunded",
    ("received", "refuse"): "approved",  # the ledger refused the refund; it can be asked for again
}
AXES = {"payment": PAYMENT, "fulfilment": FULFILMENT, "dispute": DISPUTE}
PAYMENT_STATES = ("pending", "failed", "held", "released", "refunded", "divided")
FULFILMENT_STATES = ("unfulfilled", "partially_shipped", "shipped", "received", "canceled", "returned")
DISPUTE_STATES = ("none", "open", "withdrawn", "for_buyer", "for_seller", "divided")

PAID = frozenset(("held", "released", "refunded", "divided"))
UNSHIPPED = frozenset(("unfulfilled", "partially_shipped"))
CALM = frozenset(("none", "withdrawn"))  # nobody has put the order in question
_ANY_FULFILMENT, _ANY_DISPUTE = frozenset(FULFILMENT_STATES), frozenset(DISPUTE_STATES)


class Rule(NamedTuple):
    """When an action may be asked for, and by whom."""

    actor: str
    payment: frozenset[str]
    fulfilment: frozenset[str]
    dispute: frozenset[str]


ACTIONS = {
    "cancel": Rule("buyer", frozenset(("held",)), frozenset(("unfulfilled",)), CALM),
    "confirm_receipt": Rule("buyer", frozenset(("held",)), frozenset(("shipped",)), CALM),
    "open_dispute": Rule("buyer", frozenset(("held",)), UNSHIPPED | {"shipped"}, CALM),
    "withdraw_dispute": Rule("buyer", frozenset(("held",)), _ANY_FULFILMENT, frozenset(("open",))),
    "request_return": Rule("buyer", frozenset(("released", "divided")), frozenset(("received",)), CALM),
    "review": Rule("buyer", PAID, frozenset(("received", "returned")), _ANY_DISPUTE),
    "ship": Rule("seller", frozenset(("held", "released", "divided")), UNSHIPPED, _ANY_DISPUTE),
    "cancel_lines": Rule("seller", frozenset(("held",)), UNSHIPPED, CALM),
    "refund": Rule("seller", frozenset(("held", "released", "divided")), _ANY_FULFILMENT, _ANY_DISPUTE),
    "reply_dispute": Rule("seller", frozenset(("held",)), _ANY_FULFILMENT, frozenset(("open",))),
    "decide_return": Rule("seller", frozenset(("released", "divided")), frozenset(("received",)), _ANY_DISPUTE),
    "decide": Rule("moderator", frozenset(("held",)), _ANY_FULFILMENT, frozenset(("open",))),
}
RELEASE_DUE = Rule("system", frozenset(("held",)), frozenset(("shipped",)), CALM)  # once auto_release_at has passed


class Standing(NamedTuple):
    """What the rules look at."""

    payment: str
    fulfilment: str
    dispute: str
    settling: bool = False  # its money is being moved now
    returnable: bool = False  # within the days of return, with something left to return
    reviewable: bool = False  # a line has no review yet
    returns: frozenset[str] = frozenset()  # states of its returns


def step(axis: str, state: str, event: str) -> str:
    """The state after the event. Raises NOT_NOW."""
    after = AXES[axis].get((state, event))
    if after is None:
        raise ShopError(Refusal.NOT_NOW, f"This cannot be done while the {axis} of the order is {state.replace('_', ' ')}.")
    return after


def step_return(state: str, event: str) -> str:
    """The state of a return after the event. Raises NOT_NOW."""
    after = RETURN.get((state, event))
    if after is None:
        raise ShopError(Refusal.NOT_NOW, f"This cannot be done with a return that is {state}.")
    return after


def allows(rule: Rule, order: Standing) -> bool:
    return order.payment in rule.payment and order.fulfilment in rule.fulfilment and order.dispute in rule.dispute


def actions(order: Standing, actor: str) -> list[str]:
    """What this party ('buyer', 'seller', 'moderator') may ask for now."""
    return [name for name, rule in ACTIONS.items() if rule.actor == actor and allows(rule, order) and _fits(name, order)]


def _fits(name: str, order: Standing) -> bool:
    """What the rule's three columns cannot say."""
    if name == "review":
        return order.reviewable
    if order.settling:
        return False
    if name == "request_return":
        return order.returnable
    if name == "decide_return":
        return bool(order.returns & {"requested", "approved"})
    return True


def require(name: str, order: Standing, actor: str) -> None:
    """Raises NOT_ALLOWED for another's action, SETTLING while money moves, NOT_NOW."""
    rule = ACTIONS[name]
    if rule.actor != actor:
        raise ShopError(Refusal.NOT_ALLOWED, f"This is for the {rule.actor} to do.")
    if order.settling:
        raise ShopError(Refusal.SETTLING)
    if not allows(rule, order):
        raise ShopError(Refusal.NOT_NOW, detail={"payment": order.payment, "fulfilment": order.fulfilment, "dispute": order.dispute})


def payment_event(state: str, *, held: int, released: int, refunded: int, of_nothing: str) -> str:
    """What a move of escrow, or a refund after its release, came to: the amounts afterwards say.

    `of_nothing` is the event for an order that cost nothing.
    """
    if not held + released + refunded:
        return of_nothing
    if held or (state != "held" and released):
        return "refund_part"
    if not released:
        return "refund"
    return "divide" if refunded else "release"


def shipping_event(left: int, *, shipped: int, canceling: bool) -> str:
    """What a shipment or a cancellation came to: units left to ship, and shipped in all, afterwards."""
    if not canceling:
        return "ship_part" if left else "ship"
    if left:
        return "cancel_part"
    return "cancel_rest" if shipped else "cancel"

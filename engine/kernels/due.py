"""When a margin account is looked at next: its time on the clock, its watches, and what brings them forward. docs/MARGIN.md section 5.

An account with debt is looked at again after each event that touches it; one without debt has neither a time nor watches. `row` is a
margin account's row of MARGIN_ACCOUNT.
"""

from engine.kernels import kernel
from engine.kernels.watches import CLOCK, add_watch, drop_watch
from engine.types import MarginState


@kernel
def set_due(margin, row, due_ns):
    """The account is due at a time; 0: never."""
    account = margin.accounts[row]
    if due_ns == account.due_ns:
        return
    if account.due_ns != 0:
        drop_watch(margin, account.clock)
    account.clock = add_watch(margin, CLOCK, due_ns, account.account) if due_ns != 0 else 0
    account.due_ns = due_ns


@kernel
def drop_watches(margin, row):
    """The account waits for no price any more."""
    account = margin.accounts[row]
    while account.watches != 0:
        watch = account.watches
        account.watches = margin.watches[watch].next
        drop_watch(margin, watch)


@kernel
def add_price_watch(margin, row, heap, key):
    account = margin.accounts[row]
    watch = add_watch(margin, heap, key, account.account)
    margin.watches[watch].next = account.watches
    account.watches = watch


@kernel
def _bring_forward(venue, margin, row):
    account = margin.accounts[row]
    if account.due_ns == 0 or account.due_ns > venue.now:
        set_due(margin, row, venue.now)


@kernel
def notice(venue, margin, row):
    """Something that touches the account has happened; `row` 0 is no margin account. A liquidation has a pace of its own."""
    account = margin.accounts[row]
    if account.loans != 0 and account.state != MarginState.LIQUIDATING:
        _bring_forward(venue, margin, row)


@kernel
def notice_loan(venue, margin, row):
    """A loan of the account has changed, or is gone."""
    account = margin.accounts[row]
    if account.state == MarginState.LIQUIDATING:
        return  # the next round sees it
    if account.loans != 0:
        _bring_forward(venue, margin, row)
        return
    set_due(margin, row, 0)
    drop_watches(margin, row)
    account.state = MarginState.NORMAL

"""How many orders an account may place in ten seconds and in a day. docs/CORE.md section 6.

Owns the counts. An order that is filled, even in part, is not counted any more (rules version 3).
"""

from engine.kernels import inlined_kernel, kernel

_TEN_SECONDS_NS = 10 * 10**9
_DAY_NS = 86_400 * 10**9


@inlined_kernel
def limit_reached(venue, account, more):
    """Whether the account may not place another order; `more` are to be counted that are not yet."""
    if venue.limit_10s > 0:
        counted = account.window_count if account.window_number == venue.now // _TEN_SECONDS_NS else 0
        if counted + more >= venue.limit_10s:
            return True
    if venue.limit_day > 0:
        counted = account.day_count if account.day_number == venue.now // _DAY_NS else 0
        return counted + more >= venue.limit_day
    return False


@inlined_kernel
def count_order(venue, account):
    window = venue.now // _TEN_SECONDS_NS  # a day begins with a window
    if account.window_number != window:
        account.window_number = window
        account.window_count = 0
        day = venue.now // _DAY_NS
        if account.day_number != day:
            account.day_number = day
            account.day_count = 0
    account.window_count += 1
    account.day_count += 1


@kernel
def uncount_order(venue, account):
    """An order of the account has its first fill."""
    if account.window_count > 0 and account.window_number == venue.now // _TEN_SECONDS_NS:
        account.window_count -= 1
    if account.day_count > 0 and account.day_number == venue.now // _DAY_NS:
        account.day_count -= 1

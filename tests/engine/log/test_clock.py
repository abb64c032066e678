"""Log time against wall clocks that jump, freeze and run backwards."""

from engine.log.clock import JUMP_LIMIT_NS, LogClock, steady_ns

DAY = 86_400 * 10**9


class Clocks:
    """A wall clock and a steady one, moved by hand."""

    def __init__(self):
        self.wall, self.steady = 10**18, 0

    def log_clock(self, last_ns: int = 0) -> LogClock:
        return LogClock(last_ns, wall=lambda: self.wall, steady=lambda: self.steady)

    def pass_(self, ns: int, jump_ns: int = 0) -> None:
        self.wall += ns + jump_ns
        self.steady += ns


def test_time_follows_the_wall_clock_and_small_jumps():
    clocks = Clocks()
    clock = clocks.log_clock()
    assert clock.now() == 10**18
    clocks.pass_(5, jump_ns=JUMP_LIMIT_NS)
    assert clock.now() == clocks.wall
    assert not clock.jumped


def test_time_never_runs_backwards():
    clocks = Clocks()
    clock = clocks.log_clock()
    before = clock.now()
    clocks.pass_(10, jump_ns=-DAY)
    assert clock.now() == before
    clocks.pass_(10, jump_ns=DAY)  # set right again: no jump
    assert clock.now() == before + 20
    assert not clock.jumped


def test_time_goes_on_from_the_last_frame_where_the_wall_clock_is_behind_it():
    clocks = Clocks()
    assert clocks.log_clock(last_ns=clocks.wall + DAY).now() == clocks.wall + DAY


def test_a_jump_forward_is_not_followed_until_it_is_taken_back_or_the_log_restarted(caplog):
    clocks = Clocks()
    clock = clocks.log_clock()
    before = clock.now()
    clocks.pass_(7, jump_ns=DAY)
    assert clock.now() == before + 7
    clocks.pass_(7)
    assert clock.now() == before + 14  # time goes on, by the steady clock
    assert clock.jumped
    assert sum("clock_jump" in record.getMessage() for record in caplog.records) == 1
    assert clocks.log_clock(last_ns=clock.last_ns).now() == clocks.wall  # a restart follows
    clocks.pass_(7, jump_ns=-DAY)
    assert clock.now() == before + 21
    assert not clock.jumped


def test_a_clock_that_is_slewed_is_followed_however_far():
    clocks = Clocks()
    clock = clocks.log_clock()
    for _ in range(100):
        clocks.pass_(10**9, jump_ns=JUMP_LIMIT_NS // 2)
        assert clock.now() == clocks.wall


def test_the_steady_clock_rises():
    assert 0 < steady_ns() <= steady_ns()

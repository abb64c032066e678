"""The public edge of trading, without its sockets: requests in, (HTTP status, JSON) out. REST and WebSocket API are its two shells.

Owns who may call what, the wait for the replica, the way of commands through the log and the time they are given. What requests mean
is gateway/dialect's business; nothing here knows a transport.

Invariant: every request is answered exactly once, with an error of the dialect where it fails; an exception of ours is logged and
answered with -1000, never shown. A command that may still take effect is answered with -1007, never as refused.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import orjson
import structlog

from engine.exchange import ExchangeBusy, Outcome
from engine.log.port import LogError, LogRefused
from engine.replica import ReplicaStopped
from engine.types import KeyScope
from gateway.dialect import errors, parameters, signing
from gateway.dialect.errors import DialectError
from gateway.dialect.info import order_limits
from gateway.dialect.operation import Operation, Security
from gateway.dialect.operations import OPERATIONS
from gateway.dialect.records import RecentClientIds
from gateway.dialect.venue import Ask, AskAll, Behind, Principal, Request, Submit, Venue
from gateway.limits import Limits
from gateway.listen_keys import ListenKeys
from marketdata.errors import HistoryUnavailable

CAUGHT_UP_SECONDS = 5.0
COMMAND_SECONDS = 10.0  # after which a client is told that the outcome of its command is not known
SESSION_WINDOW_NS = 10 * 10**9  # a signed-in session's commands are as good as signed this long
API_KEYS_KEPT = 10_000
API_KEY_LENGTH_MAX = 128
LATER_MAX = 10_000  # requests that wait for something at the same time

Reply = Callable[[int, bytes], None]

_NEEDED_SCOPE = {
    Security.MARKET_DATA: int(KeyScope.READ),
    Security.USER_STREAM: int(KeyScope.READ),
    Security.USER_DATA: int(KeyScope.READ),
    Security.TRADE: int(KeyScope.TRADE),
}
_log = structlog.get_logger("gateway")


class Gateway:
    """One process's public edge. `exchange`: an ExchangeClient; the others as their rooms define them."""

    def __init__(self, *, exchange: Any, marketdata: Any, history: Any, identity: Any, limits: Limits | None = None,
                 listen_keys: ListenKeys | None = None, clock: Callable[[], int] = time.time_ns,
                 source_names: dict[int, str] | None = None) -> None:  # fmt: skip
        self.exchange = exchange
        self.marketdata = marketdata
        self.history = history
        self.identity = identity
        self.limits = limits or Limits()
        self.listen_keys = listen_keys or ListenKeys()
        self.clock = clock
        recent = RecentClientIds()
        exchange.listen(recent.feed)
        self.venue = Venue(exchange, marketdata, recent, self.listen_keys, weight_per_minute=self.limits.weight_per_minute,
                           source_names=source_names)  # fmt: skip
        self._api_keys: OrderedDict[str, Any] = OrderedDict()
        self._waiting: deque[_Waiting] = deque()  # commands on their way, oldest first
        self._sweep: asyncio.TimerHandle | None = None
        self._later: set[asyncio.Task] = set()

    # ------------------------------------------------------------ who asks

    async def authenticate(self, operation: Operation, params: dict[str, Any], api_key: str, payload: bytes) -> Principal:
        """On whose behalf a request with an API key is made; `payload` is what its `signature` parameter covers.

        Raises DialectError: -2014, -2015, -1102, -1022.
        """
        row = await self._api_key(api_key)
        if self.venue.machine.key(row.key_id) is None:
            await self._catch_up()  # made by another process a moment ago
        return self._principal(operation, params, row, payload)

    def authenticate_now(self, operation: Operation, params: dict[str, Any], api_key: str, payload: bytes) -> Principal | None:
        """As `authenticate`, without waiting; None where that takes waiting."""
        row = self._api_keys.get(api_key)
        if row is None or self.venue.machine.key(row.key_id) is None:
            return None
        return self._principal(operation, params, row, payload)

    async def _api_key(self, api_key: str) -> Any:
        row = self._api_keys.get(api_key)
        if row is None:
            if not api_key or len(api_key) > API_KEY_LENGTH_MAX or not (api_key.isascii() and api_key.isprintable()):
                raise errors.bad_key_format()
            try:
                row = await self.identity.key(api_key)
            except (TimeoutError, OSError, LogError, ReplicaStopped):
                raise errors.log_unavailable() from None
            if row is None:
                raise errors.rejected_key()
            # Secrets of a key never change, and whether it is still good is asked of the core at each request.
            self._api_keys[api_key] = row
            if len(self._api_keys) > API_KEYS_KEPT:
                self._api_keys.popitem(last=False)
        return row

    def _principal(self, operation: Operation, params: dict[str, Any], row: Any, payload: bytes) -> Principal:
        if operation.signed:
            signature = params.get(signing.SIGNATURE)
            if not signature or not isinstance(signature, str):
                raise errors.missing(signing.SIGNATURE)
            if not self.identity.verify(row, payload, signature):
                raise errors.invalid_signature()
        key = self.venue.machine.key(row.key_id)
        if key is None or key.account != row.account:
            raise errors.rejected_key()
        return Principal(row.account, row.key_id, key.scopes)

    # ------------------------------------------------------------ requests

    async def call(self, operation: str, params: dict[str, Any], principal: Principal | None = None, *, strict: bool = False,
                   microseconds: bool = False) -> tuple[int, bytes]:  # fmt: skip
        """Answer one request: (HTTP status, JSON). `strict`: parameters that the operation does not know are errors."""
        try:
            wanted = OPERATIONS[operation]
            request = self._request(wanted, params, principal, strict, microseconds)
            return 200, orjson.dumps(await self._answer(wanted, request))
        except DialectError as error:
            return error.status, orjson.dumps(error.body())
        except Exception:
            _log.exception("request failed", operation=operation)
            return _failed(errors.internal())

    def submit(self, operation: str, params: dict[str, Any], principal: Principal | None, reply: Reply, *,
               microseconds: bool = False) -> None:  # fmt: skip
        """Answer one request through `reply(status, body)`, now or later. Commands of one caller keep their order and take no task."""
        try:
            wanted = OPERATIONS[operation]
            request = self._request(wanted, params, principal, False, microseconds)
            if wanted.fresh:
                raise Behind
            answer = wanted.function(self.venue, request)
            if isinstance(answer, Submit):
                self._submit(answer, reply)
            elif isinstance(answer, Ask | AskAll):
                raise Behind
            else:
                reply(200, orjson.dumps(answer))
        except Behind:
            self._submit_later(wanted, request, reply)
        except DialectError as error:
            reply(error.status, orjson.dumps(error.body()))
        except Exception:
            _log.exception("request failed", operation=operation)
            reply(*_failed(errors.internal()))

    def rate_limits(self, operation: str, address: str, principal: Principal | None) -> list[dict]:
        """The `rateLimits` of a WebSocket API reply: the account's orders where the request placed one, the address's weight."""
        limits = []
        if principal is not None and OPERATIONS[operation].places_order:
            limits = self._order_counts(principal)
        if not self.limits.weight_per_minute:
            return limits
        used = self.limits.used(address)
        weight = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}
        return [*limits, weight | {"limit": self.limits.weight_per_minute, "count": used.weight}]

    def order_count_headers(self, principal: Principal) -> list[tuple[bytes, bytes]]:
        """How many orders the account has placed, as HTTP headers."""
        view = self.venue.machine.account(principal.account)
        if view is None:
            return []
        return [
            (b"x-mbx-order-count-10s", str(view.orders_10s).encode()),
            (b"x-mbx-order-count-1d", str(view.orders_day).encode()),
        ]

    def _order_counts(self, principal: Principal) -> list[dict]:
        view = self.venue.machine.account(principal.account)
        counts = {"SECOND": view.orders_10s, "DAY": view.orders_day}
        return [limit | {"count": counts[limit["interval"]]} for limit in order_limits(self.venue)]

    # ------------------------------------------------------------ one request

    def _request(self, operation: Operation, params: dict[str, Any], principal: Principal | None, strict: bool,
                 microseconds: bool) -> Request:  # fmt: skip
        """Raises DialectError for a caller that may not, parameters that are wrong, and a time that is over."""
        now_ns = self.clock()
        if operation.security is not Security.NONE:
            if principal is None:
                raise errors.bad_key_format()
            if not principal.scopes & _NEEDED_SCOPE[operation.security]:
                raise errors.rejected_key()
        if not operation.offered:
            raise errors.unsupported()
        parsed = parameters.parse(operation.table, operation.required, params, strict=strict, signed=operation.signed)
        if not operation.signed:
            account, key = (principal.account, principal.key) if principal else (0, 0)
            return Request(parsed, now_ns, account, key, 0, microseconds)
        if principal.key or "timestamp" in parsed:
            until_ns = signing.valid_until(parsed, now_ns)
        else:
            until_ns = now_ns + SESSION_WINDOW_NS
        return Request(parsed, now_ns, principal.account, principal.key, until_ns, microseconds)

    async def _answer(self, operation: Operation, request: Request) -> Any:
        if operation.fresh:
            await self._catch_up()
            request = request._replace(caught_up=True)
        try:
            answer = operation.function(self.venue, request)
        except Behind:
            await self._catch_up()
            answer = operation.function(self.venue, request._replace(caught_up=True))
        return await self._carry_out(answer)

    async def _carry_out(self, answer: Any) -> Any:
        """The result; what comes of one step may be another."""
        while True:
            if isinstance(answer, Submit):
                answer = answer.render(await self._execute(answer))
            elif isinstance(answer, Ask):
                answer = answer.render(await self._ask(answer))
            elif isinstance(answer, AskAll):
                answer = answer.render([ask.render(await self._ask(ask)) for ask in answer.asks])
            else:
                return answer

    async def _catch_up(self) -> None:
        try:
            await self.exchange.caught_up(CAUGHT_UP_SECONDS)
        except (TimeoutError, LogError, ReplicaStopped):
            raise errors.log_unavailable() from None

    async def _execute(self, answer: Submit) -> list[Outcome]:
        try:
            return await self.exchange.execute(answer.commands, COMMAND_SECONDS)
        except (LogError, ReplicaStopped) as error:
            raise _told(error) from None

    async def _ask(self, ask: Ask) -> Any:
        try:
            return await getattr(self.history, ask.method)(**ask.arguments)
        except HistoryUnavailable:
            raise errors.log_unavailable() from None

    # ------------------------------------------------------------ commands without a task

    def _submit(self, answer: Submit, reply: Reply) -> None:
        waiting = _Waiting(answer.render, reply, time.monotonic() + COMMAND_SECONDS)
        try:
            self.exchange.submit(answer.commands, waiting.done, waiting.failed)
        except (LogError, ReplicaStopped) as error:
            raise _told(error) from None
        self._waiting.append(waiting)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(1.0, self._sweep_waiting)

    def _sweep_waiting(self) -> None:
        """Let go of what is answered, and tell those who waited too long."""
        waiting, now = self._waiting, time.monotonic()
        while waiting and (waiting[0].reply is None or waiting[0].deadline <= now):
            waiting.popleft().expire()
        self._sweep = asyncio.get_running_loop().call_later(1.0, self._sweep_waiting) if waiting else None

    def _submit_later(self, operation: Operation, request: Request, reply: Reply) -> None:
        if len(self._later) >= LATER_MAX:
            reply(*_failed(errors.too_busy()))
            return
        task = asyncio.get_running_loop().create_task(self._reply_later(operation, request, reply))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _reply_later(self, operation: Operation, request: Request, reply: Reply) -> None:
        try:
            status, body = 200, orjson.dumps(await self._answer(operation, request))
        except DialectError as error:
            status, body = _failed(error)
        except Exception:
            _log.exception("request failed", operation=operation.name)
            status, body = _failed(errors.internal())
        reply(status, body)


class _Waiting:
    """A command on its way, and whom to answer. `reply` is None once it is answered."""

    __slots__ = ("deadline", "render", "reply")

    def __init__(self, render: Callable[[list[Outcome]], Any], reply: Reply, deadline: float) -> None:
        self.render = render
        self.reply: Reply | None = reply
        self.deadline = deadline

    def done(self, outcomes: list[Outcome]) -> None:
        if self.reply is None:
            return
        try:
            status, body = 200, orjson.dumps(self.render(outcomes))
        except DialectError as error:
            status, body = _failed(error)
        except Exception:
            _log.exception("answer failed")
            status, body = _failed(errors.internal())
        self._tell(status, body)

    def failed(self, error: Exception) -> None:
        if self.reply is not None:
            self._tell(*_failed(_told(error)))

    def expire(self) -> None:
        if self.reply is not None:
            self._tell(*_failed(errors.outcome_unknown()))

    def _tell(self, status: int, body: bytes) -> None:
        reply, self.reply, self.render = self.reply, None, None
        reply(status, body)


def _failed(error: DialectError) -> tuple[int, bytes]:
    return error.status, orjson.dumps(error.body())


def _told(error: Exception) -> DialectError:
    """Only what certainly did not happen is told as not done."""
    if isinstance(error, ExchangeBusy):
        return errors.too_busy()
    if isinstance(error, LogRefused):
        return errors.log_unavailable()
    return errors.outcome_unknown()

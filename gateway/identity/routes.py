"""HTTP of the identity room: /account/*, JSON both ways, described at /account/openapi.json.

Errors are {"code", "message"} with a code of gateway/identity/errors.py. What changes something needs the session's
CSRF header (login and sign-up, which have no session yet, need a JSON content type, which other sites' forms cannot
send). Bodies are bounded, answers are never cached.
"""

import logging
import math
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from litestar import Litestar, Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath, JSONBody, SkipValidation

from engine.types import KeyScope
from gateway.identity import faucet
from gateway.identity.cookies import COOKIE, CSRF_HEADER, SAFE_METHODS, SessionMiddleware, csrf_holds, header, session_token
from gateway.identity.errors import AccountError, Refusal
from gateway.identity.identity import EMAIL_LENGTH_MAX, Identity, Login
from gateway.identity.keys import LABEL_LENGTH_MAX, PEM_LENGTH_MAX, KeyRow
from gateway.identity.sessions import LIFETIME, Session, SessionRow
from marketdata.errors import DATABASE_AWAY

__all__ = ["SessionMiddleware", "identity_app"]

BODY_MAX = 16 * 1024
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}  # of every answer
logger = logging.getLogger(__name__)

Email = Annotated[str, msgspec.Meta(min_length=3, max_length=EMAIL_LENGTH_MAX)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]  # longer ones are no password; the room says which are
Scope = Literal["READ", "TRADE", "WITHDRAW"]


class _Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What a client sends."""


class _Answer(msgspec.Struct, rename="camel"):
    """What a client gets; times are milliseconds since 1970."""


class Credentials(_Body):
    email: Email
    password: Password


class PasswordChange(_Body):
    password: Password
    new_password: Password


class KeyWanted(_Body):
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=LABEL_LENGTH_MAX)]
    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1, max_length=3)]
    type: Literal["HMAC", "Ed25519"] = "HMAC"
    public_key: Annotated[str, msgspec.Meta(max_length=PEM_LENGTH_MAX)] | None = None


class GiftWanted(_Body):
    asset: Annotated[str, msgspec.Meta(min_length=1, max_length=24)]


class ReturnWanted(_Body):
    asset: Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]


class Me(_Answer):
    email: str
    account: int
    csrf: str
    role: str


class SessionInfo(_Answer):
    id: uuid.UUID
    current: bool
    created_at: int
    last_seen_at: int
    expires_at: int
    address: str
    user_agent: str


class KeyInfo(_Answer):
    api_key: str
    type: str
    label: str
    scopes: list[str]
    created_at: int


class KeyMade(_Answer):
    """`secret` is told this once; "" for Ed25519."""

    api_key: str
    secret: str
    type: str
    label: str
    scopes: list[str]


class Gift(_Answer):
    asset: str
    amount: str


Room = NamedDependency[SkipValidation[Identity]]
SignedIn = NamedDependency[SkipValidation[Session]]

# ---------------------------------------------------------------- coming in and going out


@post("/signup", status_code=201)
async def sign_up(data: JSONBody[Credentials], identity: Room, request: Request) -> Response[Me]:
    """A new user with an account, signed in."""
    _require_json(request)
    user = await identity.sign_up(data.email, data.password, address=_address(request))
    return _signed_in(request, await identity.start_session(user, address=_address(request), user_agent=_user_agent(request)))


@post("/login", status_code=200)
async def login(data: JSONBody[Credentials], identity: Room, request: Request) -> Response[Me]:
    """Sign in."""
    _require_json(request)
    return _signed_in(request, await identity.login(data.email, data.password, address=_address(request), user_agent=_user_agent(request)))


@post("/logout", status_code=200)
async def logout(identity: Room, session: SignedIn, request: Request) -> Response[dict]:
    """End this session."""
    await identity.revoke_session(session.user_id, session.session_id, address=_address(request))
    return Response({}, cookies=[_cookie(request, "", 0)])


@get("/me")
async def me(session: SignedIn) -> Me:
    """Who is signed in, and the CSRF value that changes need."""
    return Me(session.email, session.account, session.csrf, session.role)


@post("/password", status_code=200)
async def change_password(data: JSONBody[PasswordChange], identity: Room, session: SignedIn, request: Request) -> dict[str, str]:
    """Change the password, which ends all other sessions."""
    await identity.change_password(session, data.password, data.new_password, address=_address(request))
    return {}


# ---------------------------------------------------------------- sessions


@get("/sessions")
async def list_sessions(identity: Room, session: SignedIn) -> list[SessionInfo]:
    """The user's sessions, latest used first."""
    return [_session_info(row, session) for row in await identity.list_sessions(session.user_id)]


@delete("/sessions", status_code=200)
async def end_other_sessions(identity: Room, session: SignedIn, request: Request) -> dict[str, int]:
    """End all sessions of the user but this one."""
    return {"ended": await identity.revoke_other_sessions(session, address=_address(request))}


@delete("/sessions/{session_id:uuid}", status_code=200)
async def end_session(session_id: FromPath[uuid.UUID], identity: Room, session: SignedIn, request: Request) -> dict[str, str]:
    """End one session of the user."""
    if not await identity.revoke_session(session.user_id, session_id, address=_address(request)):
        raise AccountError(Refusal.NOT_FOUND)
    return {}


# ---------------------------------------------------------------- API keys


@get("/keys")
async def list_keys(identity: Room, session: SignedIn) -> list[KeyInfo]:
    """The user's API keys that work."""
    return [_key_info(row) for row in await identity.list_keys(session.account)]


@post("/keys", status_code=201)
async def create_key(data: JSONBody[KeyWanted], identity: Room, session: SignedIn, request: Request) -> KeyMade:
    """A new API key. Its secret is told this once."""
    scopes = KeyScope(0)
    for name in data.scopes:
        scopes |= KeyScope[name]
    key = await identity.create_key(session.account, data.type, data.label, scopes, data.public_key, address=_address(request))
    return KeyMade(key.api_key, key.secret, data.type, data.label, _scope_names(scopes))


@delete("/keys/{api_key:str}", status_code=200)
async def revoke_key(api_key: FromPath[str], identity: Room, session: SignedIn, request: Request) -> dict[str, str]:
    """Revoke an API key; from this answer on nothing takes effect that comes with it."""
    if not await identity.revoke_key(session.account, api_key, address=_address(request)):
        raise AccountError(Refusal.NOT_FOUND)
    return {}


@post("/faucet", status_code=200)
async def ask_faucet(data: JSONBody[GiftWanted], identity: Room, session: SignedIn, request: Request) -> Gift:
    """Play money, of demo venues only."""
    return Gift(data.asset, await faucet.give(identity, session, data.asset, address=_address(request)))


@post("/faucet/return", status_code=200)
async def return_to_faucet(data: JSONBody[ReturnWanted], identity: Room, session: SignedIn, request: Request) -> Gift:
    """Give play money back, of demo venues only."""
    return Gift(data.asset, await faucet.take_back(identity, session, data.asset, data.amount, address=_address(request)))


# ---------------------------------------------------------------- from and to HTTP


async def _session_of(request: Request, identity: Room) -> Session:
    """The session behind the request; for what changes something, with its CSRF header."""
    session = await identity.session(session_token(request.scope))
    if session is None:
        raise AccountError(Refusal.NOT_LOGGED_IN)
    if not csrf_holds(request.scope, session):
        raise AccountError(Refusal.CSRF)
    return session


def _require_json(request: Request) -> None:
    if header(request.scope, b"content-type").split(";")[0].strip().lower() != "application/json":
        raise AccountError(Refusal.NOT_JSON)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _user_agent(request: Request) -> str:
    return header(request.scope, b"user-agent")


def _signed_in(request: Request, login: Login) -> Response[Me]:
    session = login.session
    body = Me(session.email, session.account, session.csrf, session.role)
    return Response(body, cookies=[_cookie(request, login.token, int(LIFETIME.total_seconds()))])


def _cookie(request: Request, token: str, seconds: int) -> Cookie:
    return Cookie(COOKIE, value=token, max_age=seconds, httponly=True, samesite="lax", secure=request.scope["scheme"] == "https")


def _milliseconds(moment) -> int:
    return math.floor(moment.timestamp() * 1000)


def _session_info(row: SessionRow, current: Session) -> SessionInfo:
    return SessionInfo(
        row.session_id, row.session_id == current.session_id, _milliseconds(row.created_at), _milliseconds(row.last_seen_at),
        _milliseconds(row.expires_at), row.address, row.user_agent,
    )  # fmt: skip


def _key_info(row: KeyRow) -> KeyInfo:
    return KeyInfo(row.api_key, row.type, row.label, _scope_names(row.scopes), _milliseconds(row.created_at))


def _scope_names(scopes: int) -> list[str]:
    return [scope.name for scope in KeyScope if scopes & scope]


def _refused(_request: Request, error: AccountError) -> Response[dict]:
    headers = _HEADERS | ({"Retry-After": str(error.retry_after)} if error.retry_after else {})
    return Response({"code": error.refusal.name, "message": str(error)}, status_code=error.refusal.status, headers=headers)


_BY_STATUS = {404: Refusal.NOT_FOUND, 405: Refusal.METHOD_NOT_ALLOWED, 413: Refusal.TOO_LARGE, 415: Refusal.NOT_JSON}


def _refused_by_framework(request: Request, error: HTTPException) -> Response[dict]:
    """What never reached a handler: no such path, a body that does not parse or is out of bounds."""
    if error.status_code >= 500:
        return _failed(request, error)
    refusal = _BY_STATUS.get(error.status_code, Refusal.INVALID_REQUEST)
    return _refused(request, AccountError(refusal, _first_fault(error) if refusal is Refusal.INVALID_REQUEST else ""))


def _too_deep(request: Request, _error: RecursionError) -> Response[dict]:
    """JSON nested beyond all reason."""
    return _refused(request, AccountError(Refusal.INVALID_REQUEST))


def _database_away(request: Request, error: Exception) -> Response[dict]:
    logger.warning("event=database_away path=%s error=%s", request.scope["path"][:100], type(error).__name__)
    return _refused(request, AccountError(Refusal.UNAVAILABLE, retry_after=1))


def _first_fault(error: HTTPException) -> str:
    """Which field is wrong, where that is known; what was sent is not repeated."""
    faults = error.extra if isinstance(error.extra, list) else []
    named = [f"{fault['key']}: {fault['message']}" for fault in faults if isinstance(fault, dict) and "key" in fault and "message" in fault]
    return f"The request is not valid ({named[0]})." if named else ""


def _failed(request: Request, error: Exception) -> Response[dict]:
    """A fault of ours: told to those who run the venue, by the place where it happened, not to the client."""
    logger.error("event=request_failed path=%s error=%s", request.scope["path"][:100], type(error).__name__, exc_info=error)
    return _refused(request, AccountError(Refusal.INTERNAL))


def identity_app(identity: Identity, *, demo: bool = False) -> Callable[..., Any]:
    """The ASGI app of /account/*. With `demo`, /account/faucet and /account/faucet/return exist."""

    async def the_room() -> Identity:
        return identity

    coming_and_going = [sign_up, login, logout, me, change_password]
    owned = [list_sessions, end_other_sessions, end_session, list_keys, create_key, revoke_key]
    return Litestar(
        route_handlers=[Router("/account", route_handlers=[*coming_and_going, *owned, *([ask_faucet, return_to_faucet] if demo else [])])],
        dependencies={"identity": Provide(the_room), "session": Provide(_session_of)},
        exception_handlers={
            AccountError: _refused, HTTPException: _refused_by_framework, RecursionError: _too_deep, Exception: _failed,
            **dict.fromkeys(DATABASE_AWAY, _database_away),
        },
        response_headers=_HEADERS,
        openapi_config=OpenAPIConfig(
            title="CryptoShop accounts", version="1", path="/account/openapi.json", render_plugins=[JsonRenderPlugin(path="/")],
            description=f"Methods other than {', '.join(SAFE_METHODS)} need the header {CSRF_HEADER}, except login and signup.",
        ),
        request_max_body_size=BODY_MAX,
        logging_config=None,
        debug=False,
    )  # fmt: skip

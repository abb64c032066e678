"""How a request proves that it comes from a signed-in person: the session's cookie, and for all that changes something the CSRF header.

The cookie cannot be read by scripts (HttpOnly) and is not sent along by other sites' forms (SameSite=Lax); the header
can only be set by a page that could read GET /account/me, which other sites cannot.
"""

import logging

import msgspec

from gateway.dialect.venue import Principal
from gateway.identity.errors import Refusal
from gateway.identity.identity import Identity
from gateway.identity.keys import ALL_SCOPES
from gateway.identity.sessions import Session
from marketdata.errors import DATABASE_AWAY

COOKIE = "cryptoshop_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_COOKIE_HEADER_MAX = 16 * 1024
logger = logging.getLogger(__name__)


def header(scope: dict, name: bytes) -> str:
    """The first header of this (lower-case) name, "" where there is none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def session_token(scope: dict) -> str:
    """The token in the request's cookie, "" where there is none."""
    text = header(scope, b"cookie")
    if COOKIE not in text or len(text) > _COOKIE_HEADER_MAX:
        return ""
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def csrf_holds(scope: dict, session: Session) -> bool:
    """Whether the request may change something for this session."""
    return scope["method"] in SAFE_METHODS or session.csrf_matches(header(scope, b"x-csrf-token"))


class SessionMiddleware:
    """ASGI: puts scope["state"]["principal"] where a living session stands behind the request; other requests pass as they are.

    Where nobody can tell, since the database does not answer, the answer is UNAVAILABLE: "not signed in" would be a lie.
    """

    def __init__(self, app, identity: Identity):
        self._app = app
        self._identity = identity

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http" and (token := session_token(scope)):
            try:
                session = await self._identity.session(token)
            except DATABASE_AWAY as error:
                logger.warning("event=database_away path=%s error=%s", scope["path"][:100], type(error).__name__)
                await _answer_unavailable(send)
                return
            if session is not None and csrf_holds(scope, session):
                scope.setdefault("state", {})["principal"] = Principal(session.account, 0, int(ALL_SCOPES))
        await self._app(scope, receive, send)


async def _answer_unavailable(send) -> None:
    refusal = Refusal.UNAVAILABLE
    body = msgspec.json.encode({"code": refusal.name, "message": refusal.words})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"retry-after", b"1")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Between a browser's session and the shop: who asks is put into the request scope, so that the storefront need not know identity."""

import msgspec

from gateway.identity import Identity
from gateway.identity.cookies import csrf_holds, session_token
from marketdata.errors import DATABASE_AWAY
from storefront.errors import Refusal
from storefront.work import Shopper


class ShopperMiddleware:
    """ASGI: puts scope["state"]["shopper"] where a living session stands behind the request; others pass as guests.

    A change that a session's cookie came with, but not its CSRF header, is refused: as a guest's it could be another site's doing.
    """

    def __init__(self, app, identity: Identity):
        self._app = app
        self._identity = identity

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http" and (token := session_token(scope)):
            try:
                session = await self._identity.session(token)
            except DATABASE_AWAY:
                await answer(send, Refusal.UNAVAILABLE)
                return
            if session is not None:
                if not csrf_holds(scope, session):
                    await answer(send, Refusal.CSRF)
                    return
                scope.setdefault("state", {})["shopper"] = Shopper(session.user_id, session.account, session.role)
        await self._app(scope, receive, send)


async def answer(send, refusal: Refusal, *, retry_after: int = 0) -> None:
    """A refusal in the shop's words, where no shop was asked."""
    body = msgspec.json.encode({"code": refusal.name, "message": refusal.words})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A signed REST request, as anyone would send one."""

import hashlib
import hmac
import time
from urllib.parse import urlencode

import httpx


class SignedClient:
    """REST of one venue for one API key. Replies are (HTTP status, JSON)."""

    def __init__(self, rest_url: str, account: dict) -> None:
        self._secret = account["secret"].encode()
        self._http = httpx.Client(base_url=rest_url, headers={"X-MBX-APIKEY": account["apiKey"]}, timeout=10)

    def __enter__(self) -> "SignedClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def request(self, method: str, path: str, **parameters) -> tuple[int, dict | list]:
        query = urlencode({**parameters, "timestamp": int(time.time() * 1000), "recvWindow": 30_000})
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        reply = self._http.request(method, f"{path}?{query}&signature={signature}")
        return reply.status_code, reply.json()

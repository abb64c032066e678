"""How clients are pointed at the venue: URLs, keys and documented options, nothing else."""

from typing import Any, NamedTuple

from binance import AsyncClient, Client
from binance.ws.websocket_api import WebsocketAPI


class ClientVenue(NamedTuple):
    """A running venue. `accounts`: name -> {"name", "apiKey", "secret", "email", "password"}."""

    rest: str
    ws: str
    accounts: dict[str, dict]

    def ccxt_config(self, name: str = "alice", **options: Any) -> dict[str, Any]:
        """What ccxt.binance, ccxt.async_support.binance and ccxt.pro.binance take."""
        account = self.accounts[name]
        return {
            "apiKey": account["apiKey"],
            "secret": account["secret"],
            "urls": {
                "api": {
                    "public": f"{self.rest}/api/v3",
                    "private": f"{self.rest}/api/v3",
                    "v1": f"{self.rest}/api/v1",
                    **{f"sapi{suffix}": f"{self.rest}/sapi/v{number}" for suffix, number in (("", 1), ("V2", 2), ("V3", 3), ("V4", 4))},
                    "ws": {"spot": f"{self.ws}/stream/ws", "ws-api": {"spot": f"{self.ws}/ws-api/v3"}},
                }
            },
            "options": {
                "fetchMarkets": {"types": ["spot"]},
                "adjustForTimeDifference": True,
                "fetchOpenOrders": {"warnWithoutSymbol": False},
                **options,
            },
        }

    def python_binance(self, name: str = "alice") -> Client:
        return self._pointed(Client(*self._keys(name), ping=False))

    async def python_binance_async(self, name: str = "alice") -> AsyncClient:
        """The caller closes its connection."""
        return self._pointed(AsyncClient(*self._keys(name)))

    def _keys(self, name: str) -> tuple[str, str]:
        return self.accounts[name]["apiKey"], self.accounts[name]["secret"]

    def _pointed(self, client: Any) -> Any:
        client.API_URL = f"{self.rest}/api"
        client.MARGIN_API_URL = f"{self.rest}/sapi"
        client.ws_api = WebsocketAPI(url=f"{self.ws}/ws-api/v3")
        return client

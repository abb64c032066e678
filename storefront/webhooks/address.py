"""Where sellers' endpoints may be: on the public internet, or in a network that the venue permits by name.

A URL is judged twice: as text when it is entered, and by the address that is connected to, at the moment of connecting, so that a name
which resolves elsewhere later leads nowhere. What stands inside the venue's own networks is thus out of reach.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from storefront.errors import Refusal, ShopError

URL_MAX = 500
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are an IPv4 address, which is where it leads


class Forbidden(OSError):
    """This address may not be connected to."""


def may_connect(address: Address, permitted: Sequence[Network]) -> bool:
    """Whether an endpoint may be at this address: it is public, or of a permitted network."""
    inner = _embedded(address)
    if inner is not None:
        return may_connect(inner, permitted)
    if any(address in network for network in permitted if network.version == address.version):
        return True
    return address.is_global and not address.is_multicast and not getattr(address, "is_site_local", False)


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo or NAT64."""
    if address.version == 4:
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def checked_url(url: str, permitted: Sequence[Network]) -> str:
    """The URL, if it can be an endpoint's: http or https, a host, no user or password. Raises INVALID_REQUEST."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise _not_an_endpoint() from None
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _not_an_endpoint()
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise _not_an_endpoint()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return url  # a name; what it resolves to is judged when it is connected to
    if not may_connect(address, permitted):
        raise ShopError(Refusal.INVALID_REQUEST, "Endpoints in private networks are not permitted here.")
    return url


def _not_an_endpoint() -> ShopError:
    return ShopError(Refusal.INVALID_REQUEST, f"url is http or https, names a host and no user, and has at most {URL_MAX} characters.")


def socket_factory(permitted: Sequence[Network]) -> Callable[..., socket.socket]:
    """For aiohttp's connector: makes the socket for an address that may be connected to. Raises Forbidden for any other."""

    def make(address_info) -> socket.socket:
        family, kind, protocol, _name, (host, *_) = address_info
        if not may_connect(ipaddress.ip_address(host.partition("%")[0]), permitted):
            raise Forbidden(f"{host} is not a public address")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return make

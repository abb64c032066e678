"""Endpoints are on the public internet, whatever their URL says and their name resolves to."""

import ipaddress
import socket

import pytest

from storefront.errors import ShopError
from storefront.webhooks import sending
from storefront.webhooks.address import LOOPBACK, checked_url, may_connect
from tests.storefront.webhooks.receiver import receiving

HEADERS = {"X-CryptoShop-Delivery": "d", "X-CryptoShop-Event": "e", "X-CryptoShop-Signature": "s"}
PRIVATE = (
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
    "2001:0:0:0:0:0:80ff:fffe",
)  # fmt: skip
PUBLIC = ("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101")


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_not_connected_to(address):
    assert not may_connect(ipaddress.ip_address(address), ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_one_is(address):
    assert may_connect(ipaddress.ip_address(address), ())


def test_what_is_permitted_is_no_more_than_was_said():
    for address, may in (("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("169.254.169.254", False)):
        assert may_connect(ipaddress.ip_address(address), LOOPBACK) is may


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "file:///etc/passwd", "http://", "https:///path", "http://user@example.org", "http://user:pass@example.org",
     "http://example.org/#part", "http://127.0.0.1/", "http://[::1]:80/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/",
     "http://example.org:99999/", "http://exam ple.org", "http://example.org\\@127.0.0.1", "http://ex\u00e4mple.org", "http://[::1",
     "http://example.org/" + "a" * 500, "gopher://example.org", "//example.org", "example.org"],
)  # fmt: skip
def test_what_is_no_endpoint(url):
    with pytest.raises(ShopError):
        checked_url(url, ())


@pytest.mark.parametrize("url", ["http://example.org", "https://example.org:8443/a/b?c=d", "http://1.1.1.1/", "https://[2606:4700::1111]/"])
def test_what_is_one(url):
    assert checked_url(url, ()) == url


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]", "sly.example.org"])
async def test_the_address_is_judged_when_it_is_connected_to_however_it_is_written_and_whatever_a_name_means_by_then(host, monkeypatch):
    resolve = socket.getaddrinfo

    def rebound(name, *arguments, **options):
        return resolve("127.0.0.1" if name == "sly.example.org" else name, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", host)
        async with sending.open_session((), 1) as session:
            result = await sending.send(session, url, b"{}", HEADERS)
        assert receiver.got == []
        assert (result.status, result.retry) == (None, False)
        assert "not a public address" in result.error
        async with sending.open_session(LOOPBACK, 1) as session:
            assert (await sending.send(session, url, b"{}", HEADERS)).delivered
        assert len(receiver.got) == 1


async def test_old_ways_to_write_an_address_are_none():
    async with receiving() as receiver, sending.open_session(LOOPBACK, 1) as session:
        for host in ("2130706433", "127.1"):
            result = await sending.send(session, receiver.url.replace("127.0.0.1", host), b"{}", HEADERS)
            assert (result.delivered, result.retry) == (False, False)
        assert receiver.got == []


async def test_what_does_not_listen_or_resolve_is_tried_again():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host, port = unused.getsockname()
    async with sending.open_session(LOOPBACK, 1) as session:
        for url in (f"http://{host}:{port}/", "http://nothing.invalid/"):
            result = await sending.send(session, url, b"{}", HEADERS)
            assert (result.status, result.retry) == (None, True)
            assert result.error

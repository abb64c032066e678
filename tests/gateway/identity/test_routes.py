"""/account/* as browsers and attackers see it."""

import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from httpx import ASGITransport, AsyncClient

from engine.types import AccountStatus, KeyScope
from gateway.identity import attempts as limits
from gateway.identity.cookies import COOKIE
from gateway.identity.errors import Refusal
from gateway.identity.routes import SessionMiddleware
from tests.gateway.identity.conftest import PASSWORD

ALICE = {"email": "alice@example.org", "password": PASSWORD}
BOB = {"email": "bob@example.org", "password": PASSWORD}


def _is(response, refusal: Refusal) -> bool:
    """The documented status, code and shape, and nothing else."""
    body = response.json()
    return (response.status_code, body["code"], set(body)) == (refusal.status, refusal.name, {"code", "message"})


async def _enter(browser: AsyncClient, how: str = "signup", who: dict = ALICE) -> dict:
    response = await browser.post(f"/account/{how}", json=who)
    assert response.is_success, response.text
    browser.headers["X-CSRF-Token"] = response.json()["csrf"]
    return response.json()


async def test_sign_up_look_around_log_out_log_in(venue):
    async with venue.browser() as browser:
        assert _is(await browser.get("/account/me"), Refusal.NOT_LOGGED_IN)
        me = await _enter(browser)
        assert set(me) == {"email", "account", "csrf", "role"}
        assert (await browser.get("/account/me")).json() == me
        assert venue.exchange.machine.account(me["account"]).status == AccountStatus.ACTIVE
        assert (await browser.post("/account/logout")).status_code == 200
        assert COOKIE not in browser.cookies
        assert _is(await browser.get("/account/me"), Refusal.NOT_LOGGED_IN)
        again = await _enter(browser, "login")
        assert again["account"] == me["account"]
        assert again["csrf"] != me["csrf"]


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_is_kept_from_scripts_and_other_sites_and_answers_are_not_cached(venue, scheme):
    async with venue.browser(scheme=scheme) as browser:
        response = await browser.post("/account/signup", json=ALICE)
        name, *flags = [part.strip().lower() for part in response.headers["set-cookie"].split(";")]
        assert name.startswith(f"{COOKIE}=")
        assert {"httponly", "samesite=lax", "path=/"} <= set(flags)
        assert ("secure" in flags) == (scheme == "https")
        assert not any(flag.startswith("domain") for flag in flags)
        for answer in (response, await browser.get("/account/me"), await browser.get("/account/nothing")):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
        token = browser.cookies[COOKIE]
        assert token not in response.text


async def test_a_stolen_cookie_after_logout_is_worthless(venue):
    async with venue.browser() as browser:
        await _enter(browser)
        token = browser.cookies[COOKIE]
        await browser.post("/account/logout")
        browser.cookies.clear()
        assert _is(await browser.get("/account/me", headers={"Cookie": f"{COOKIE}={token}"}), Refusal.NOT_LOGGED_IN)


async def test_every_change_needs_the_csrf_value_of_this_very_session(venue):
    async with venue.browser() as alice, venue.browser() as bob:
        mine = await _enter(alice)
        theirs = await _enter(bob, who=BOB)
        session_id = (await alice.get("/account/sessions")).json()[0]["id"]
        key = (await alice.post("/account/keys", json={"label": "bot", "scopes": ["READ"]})).json()["apiKey"]
        changes = [
            ("POST", "/account/logout", None),
            ("POST", "/account/password", {"password": PASSWORD, "newPassword": "a new password"}),
            ("DELETE", "/account/sessions", None),
            ("DELETE", f"/account/sessions/{session_id}", None),
            ("POST", "/account/keys", {"label": "bot", "scopes": ["TRADE"]}),
            ("DELETE", f"/account/keys/{key}", None),
        ]
        for method, path, body in changes:
            for wrong in ("", theirs["csrf"], mine["csrf"][:-1], mine["csrf"].upper(), "ä"):
                alice.headers["X-CSRF-Token"] = wrong
                assert _is(await alice.request(method, path, json=body), Refusal.CSRF), (method, path, wrong)
        del alice.headers["X-CSRF-Token"]
        assert _is(await alice.post("/account/logout"), Refusal.CSRF)
        assert (await alice.get("/account/me")).json() == mine
        assert [row["apiKey"] for row in (await alice.get("/account/keys")).json()] == [key]


@pytest.mark.parametrize("how", ["login", "signup"])
async def test_a_form_of_another_site_cannot_log_anybody_in(venue, how):
    async with venue.browser() as browser:
        body = json.dumps(ALICE)
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            response = await browser.post(f"/account/{how}", content=body, headers={"Content-Type": content_type})
            assert 400 <= response.status_code < 500
            assert "set-cookie" not in response.headers
        assert await venue.pool.fetchval("SELECT count(*) FROM users") == 0


async def test_login_says_the_same_whatever_is_wrong(venue):
    async with venue.browser() as browser:
        await _enter(browser)
        wrong_password, too_long, nobody = ALICE | {"password": "a wrong guess"}, ALICE | {"password": "x" * 1000}, BOB
        no_address = {"email": "no address", "password": PASSWORD}
        answers = [await browser.post("/account/login", json=body) for body in (wrong_password, too_long, nobody, no_address)]
        assert all(_is(answer, Refusal.WRONG_CREDENTIALS) for answer in answers)
        assert len({answer.content for answer in answers}) == 1
        assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_guessing_is_stopped_by_account_and_address_whether_the_account_exists_or_not(venue):
    async with venue.browser() as browser, venue.browser(address="203.0.113.1") as elsewhere:
        await _enter(elsewhere)
        for email in (ALICE["email"], "nobody@example.org"):
            guess = {"email": email, "password": "a wrong guess"}
            answers = [await browser.post("/account/login", json=guess) for _ in range(limits.LOGIN_PAIR.attempts + 1)]
            assert all(_is(answer, Refusal.WRONG_CREDENTIALS) for answer in answers[:-1])
            assert _is(answers[-1], Refusal.TOO_MANY_ATTEMPTS)
            assert 0 < int(answers[-1].headers["Retry-After"]) <= limits.LOGIN_PAIR.seconds
        assert _is(await browser.post("/account/login", json=ALICE), Refusal.TOO_MANY_ATTEMPTS)  # the right one comes too late
        assert (await elsewhere.post("/account/login", json=ALICE)).status_code == 200  # its owner is not locked out


async def test_guessing_through_sign_up_counts_as_guessing(venue):
    async with venue.browser(address="203.0.113.1") as elsewhere:
        await _enter(elsewhere)
    async with venue.browser() as browser:
        guess = ALICE | {"password": "a wrong guess"}
        answers = [await browser.post("/account/signup", json=guess) for _ in range(limits.LOGIN_PAIR.attempts + 1)]
        assert all(_is(answer, Refusal.EMAIL_TAKEN) for answer in answers[:-1])
        assert _is(answers[-1], Refusal.TOO_MANY_ATTEMPTS)


async def test_one_address_cannot_try_many_accounts_and_a_v6_network_is_one_address(venue):
    async with venue.browser(address="2001:db8::1") as browser, venue.browser(address="2001:db8::ffff:2") as neighbour:
        for number in range(limits.LOGIN_ADDRESS.attempts):
            answer = await browser.post("/account/login", json={"email": f"user{number}@example.org", "password": "guess"})
            assert _is(answer, Refusal.WRONG_CREDENTIALS)
        assert _is(await neighbour.post("/account/login", json=ALICE), Refusal.TOO_MANY_ATTEMPTS)


async def test_a_crowd_of_logins_is_bounded_and_told_to_come_back(venue):
    async with venue.browser() as browser:
        venue.identity._passwords._waiting = 64
        answer = await browser.post("/account/signup", json=ALICE)
        assert _is(answer, Refusal.BUSY)
        assert int(answer.headers["Retry-After"]) > 0


BAD_BODIES = [
    b"", b"{", b"null", b"[]", b"\xff\xfe", b'"text"', b"{}", b"[" * 5000,
    b'{"email": "alice@example.org"}',
    b'{"email": 5, "password": "long enough"}',
    b'{"email": "alice@example.org", "password": null}',
    b'{"email": "alice@example.org", "password": ""}',
    b'{"email": "alice@example.org", "password": "long enough", "role": "admin"}',
    b'{"email": "' + b"a" * 300 + b'", "password": "long enough"}',
    b'{"email": "\\ud800@example.org", "password": "long enough"}',
    b'{"email": "a\\u0000@example.org", "password": "long enough"}',
    b'{"email": "alice@example.org", "password": "' + b"x" * 1025 + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=range(len(BAD_BODIES)))
@pytest.mark.parametrize("path", ["login", "signup"])
async def test_what_is_no_request_is_told_so(venue, path, body):
    async with venue.browser() as browser:
        response = await browser.post(f"/account/{path}", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (400, 401), response.text
        assert set(response.json()) == {"code", "message"}
        assert response.json()["code"] in Refusal.__members__
        assert "Traceback" not in response.text


async def test_bodies_are_bounded_whether_or_not_their_length_is_told(venue):
    async with venue.browser() as browser:
        huge = b'{"email": "' + b"a" * 100_000 + b'"}'

        async def in_pieces():
            for start in range(0, len(huge), 1000):
                yield huge[start : start + 1000]

        for content in (huge, in_pieces()):
            response = await browser.post("/account/login", content=content, headers={"Content-Type": "application/json"})
            assert _is(response, Refusal.TOO_LARGE)


async def test_unknown_paths_and_methods(venue):
    async with venue.browser() as browser:
        for path in ("/account/nothing", "/account/me/more", "/account/../etc/passwd", "/account/%2e%2e/%00"):
            assert _is(await browser.get(path), Refusal.NOT_FOUND), path
        assert _is(await browser.delete("/account/sessions/not-a-uuid"), Refusal.NOT_FOUND)
        assert _is(await browser.put("/account/login", json=ALICE), Refusal.METHOD_NOT_ALLOWED)
        assert _is(await browser.post("/account/faucet", json={"asset": "USDT"}), Refusal.NOT_FOUND)  # no demo, no gifts
        assert _is(await browser.post("/account/faucet/return", json={"asset": "USDT", "amount": "1"}), Refusal.NOT_FOUND)


async def test_a_fault_of_ours_is_a_plain_500(venue):
    async with venue.browser() as browser:
        await _enter(browser)
        await venue.pool.execute("ALTER TABLE api_keys RENAME TO away")
        response = await browser.get("/account/keys")
        assert _is(response, Refusal.INTERNAL)
        assert "api_keys" not in response.text


async def test_the_exchange_out_of_reach_is_a_503(venue):
    async with venue.browser() as browser:
        await venue.exchange.close()
        assert _is(await browser.post("/account/signup", json=ALICE), Refusal.UNAVAILABLE)


async def test_the_database_out_of_reach_is_a_503_and_no_log_out(venue):
    async with venue.browser() as browser:
        await _enter(browser)
        seen = []

        async def trading(scope, _receive, _send):
            seen.append(scope)

        shop = AsyncClient(transport=ASGITransport(SessionMiddleware(trading, venue.other_identity)), base_url="http://venue.test")
        await venue.pool.close()
        assert _is(await browser.post("/account/login", json=ALICE), Refusal.UNAVAILABLE)
        assert _is(await browser.get("/account/keys"), Refusal.UNAVAILABLE)
        async with shop:
            answer = await shop.get("/api/v3/account", headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"})
        assert _is(answer, Refusal.UNAVAILABLE)
        assert seen == []


# ---------------------------------------------------------------- sessions and keys


async def test_sessions_are_listed_and_ended_by_their_owner_only(venue):
    async with venue.browser() as laptop, venue.browser(address="203.0.113.9") as phone, venue.browser() as mallory:
        await _enter(laptop)
        await _enter(phone, "login")
        await _enter(mallory, who=BOB)
        rows = (await laptop.get("/account/sessions")).json()
        assert [row["current"] for row in rows].count(True) == 1
        other = next(row for row in rows if not row["current"])
        assert other["address"] == "203.0.113.9"
        assert set(other) == {"id", "current", "createdAt", "lastSeenAt", "expiresAt", "address", "userAgent"}
        assert other["createdAt"] <= other["lastSeenAt"] < other["expiresAt"]
        assert _is(await mallory.delete(f"/account/sessions/{other['id']}"), Refusal.NOT_FOUND)
        assert (await phone.get("/account/me")).status_code == 200
        assert (await laptop.delete(f"/account/sessions/{other['id']}")).status_code == 200
        assert _is(await phone.get("/account/me"), Refusal.NOT_LOGGED_IN)
        await _enter(phone, "login")
        assert (await laptop.delete("/account/sessions")).json() == {"ended": 1}
        assert _is(await phone.get("/account/me"), Refusal.NOT_LOGGED_IN)
        assert (await laptop.get("/account/me")).status_code == 200


async def test_keys_are_made_listed_and_revoked_by_their_owner_only(venue):
    async with venue.browser() as alice, venue.browser() as mallory:
        me = await _enter(alice)
        await _enter(mallory, who=BOB)
        made = await alice.post("/account/keys", json={"label": "bot <b>", "type": "HMAC", "scopes": ["READ", "TRADE"]})
        assert made.status_code == 201
        key = made.json()
        assert set(key) == {"apiKey", "secret", "type", "label", "scopes"}
        found = await venue.identity.key(key["apiKey"])
        assert (found.account, found.scopes) == (me["account"], KeyScope.READ | KeyScope.TRADE)
        pem = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        second = await alice.post("/account/keys", json={"label": "hardware", "type": "Ed25519", "scopes": ["READ"], "publicKey": pem})
        assert second.json()["secret"] == ""
        listed = await alice.get("/account/keys")
        assert [row["label"] for row in listed.json()] == ["bot <b>", "hardware"]
        assert [row["scopes"] for row in listed.json()] == [["READ", "TRADE"], ["READ"]]
        assert key["secret"] not in listed.text
        assert (await mallory.get("/account/keys")).json() == []
        assert _is(await mallory.delete(f"/account/keys/{key['apiKey']}"), Refusal.NOT_FOUND)
        assert (await alice.delete(f"/account/keys/{key['apiKey']}")).status_code == 200
        assert await venue.identity.key(key["apiKey"]) is None
        assert _is(await alice.delete(f"/account/keys/{key['apiKey']}"), Refusal.NOT_FOUND)


@pytest.mark.parametrize(
    "body",
    [{"label": "bot", "scopes": []}, {"label": "bot", "scopes": ["ADMIN"]}, {"label": "bot", "scopes": "READ"},
     {"label": "", "scopes": ["READ"]}, {"label": "x" * 65, "scopes": ["READ"]},
     {"label": "bot", "scopes": ["READ"] * 4}, {"label": "bot", "scopes": ["READ"], "type": "RSA"},
     {"label": "bot", "scopes": ["READ"], "type": "Ed25519", "publicKey": "no key"}, {"label": "bot", "scopes": ["READ"], "publicKey": "x"},
     {"label": "bot", "scopes": ["READ"], "type": "Ed25519"}, {"label": "bot", "scopes": ["READ"], "account": 17}],
)  # fmt: skip
async def test_keys_that_cannot_be(venue, body):
    async with venue.browser() as browser:
        await _enter(browser)
        response = await browser.post("/account/keys", json=body)
        assert response.status_code == 400, response.text
        assert response.json()["code"] in Refusal.__members__


async def test_a_changed_password(venue):
    async with venue.browser() as browser:
        await _enter(browser)
        for body, refusal in (
            ({"password": "a wrong guess", "newPassword": "a new password"}, Refusal.WRONG_PASSWORD),
            ({"password": PASSWORD, "newPassword": "short"}, Refusal.INVALID_PASSWORD),
        ):
            assert _is(await browser.post("/account/password", json=body), refusal)
        assert (await browser.post("/account/password", json={"password": PASSWORD, "newPassword": "a new password"})).status_code == 200
        assert (await browser.get("/account/me")).status_code == 200
        await _enter(browser, "login", ALICE | {"password": "a new password"})


# ---------------------------------------------------------------- the demo's gifts


async def test_the_demo_gives_a_bounded_amount_a_bounded_number_of_times(venue):
    async with venue.browser(demo=True) as browser:
        account = (await _enter(browser))["account"]
        usdt = next(asset.asset for asset in venue.exchange.machine.assets() if asset.name == "USDT")
        answers = [await browser.post("/account/faucet", json={"asset": "USDT"}) for _ in range(limits.FAUCET_ACCOUNT.attempts + 1)]
        assert answers[0].json() == {"asset": "USDT", "amount": "10000.00000000"}
        assert _is(answers[-1], Refusal.TOO_MANY_ATTEMPTS)
        assert venue.exchange.machine.balance(account, usdt) == (limits.FAUCET_ACCOUNT.attempts * 10_000 * 10**8, 0)
        assert venue.exchange.machine.validate() == ""
        assert _is(await browser.post("/account/faucet", json={"asset": "GOLD"}), Refusal.UNKNOWN_ASSET)
        del browser.headers["X-CSRF-Token"]
        assert _is(await browser.post("/account/faucet", json={"asset": "BTC"}), Refusal.CSRF)


async def test_play_money_is_given_back_up_to_what_is_available(venue):
    async with venue.browser(demo=True) as browser:
        account = (await _enter(browser))["account"]
        usdt = next(asset.asset for asset in venue.exchange.machine.assets() if asset.name == "USDT")
        await browser.post("/account/faucet", json={"asset": "USDT"})

        async def give_back(amount, asset="USDT"):
            return await browser.post("/account/faucet/return", json={"asset": asset, "amount": amount})

        assert (await give_back("2500.5")).json() == {"asset": "USDT", "amount": "2500.50000000"}
        assert venue.exchange.machine.balance(account, usdt) == (7_499_50000000, 0)
        assert _is(await give_back("7499.50000001"), Refusal.INSUFFICIENT_BALANCE)
        for wrong in ("0", "-1", "1e3", "0.000000001", "9" * 30, "NaN", "1,5"):
            assert _is(await give_back(wrong), Refusal.INVALID_AMOUNT), wrong
        assert _is(await give_back("1", "GOLD"), Refusal.UNKNOWN_ASSET)
        assert (await give_back("7499.5")).status_code == 200
        assert venue.exchange.machine.balance(account, usdt) == (0, 0)
        assert venue.exchange.machine.validate() == ""
        del browser.headers["X-CSRF-Token"]
        assert _is(await give_back("1"), Refusal.CSRF)


# ---------------------------------------------------------------- who trades: the middleware


async def _principal_of(venue, method="GET", **headers):
    seen = []

    async def trading(scope, _receive, send):
        seen.append(scope.get("state", {}).get("principal"))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = SessionMiddleware(trading, venue.identity)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://venue.test") as client:
        await client.request(method, "/api/v3/order", headers=headers)
    return seen[0]


async def test_the_middleware_knows_signed_in_people_and_lets_others_pass_as_nobody(venue):
    user = await venue.identity.sign_up(**ALICE)
    token, session = await venue.identity.login(**ALICE)
    cookie = f"theme=dark; {COOKIE}={token}; {COOKIE}=second"
    principal = await _principal_of(venue, Cookie=cookie)
    assert principal == (user.account, 0, KeyScope.READ | KeyScope.TRADE | KeyScope.WITHDRAW)
    for method in ("POST", "DELETE", "PUT"):
        assert await _principal_of(venue, method, Cookie=cookie) is None
        assert await _principal_of(venue, method, **{"Cookie": cookie, "X-CSRF-Token": session.csrf[::-1]}) is None
        assert await _principal_of(venue, method, **{"Cookie": cookie, "X-CSRF-Token": session.csrf}) == principal
    assert await _principal_of(venue) is None
    endless = "a=" + "b" * 20_000 + f"; {COOKIE}={token}"
    for wrong in (f"{COOKIE}=", f"{COOKIE}={token[:-1]}", f"x{COOKIE}={token}", f"{COOKIE}=%00", endless):
        assert await _principal_of(venue, Cookie=wrong) is None
    await venue.identity.revoke_session(user.user_id, session.session_id)
    assert await _principal_of(venue, Cookie=cookie) is None


# ---------------------------------------------------------------- its description


async def test_the_api_is_described(venue):
    async with venue.browser(demo=True) as browser:
        described = (await browser.get("/account/openapi.json")).json()
    assert set(described["paths"]) == {
        "/account/signup", "/account/login", "/account/logout", "/account/me", "/account/password", "/account/sessions",
        "/account/sessions/{session_id}", "/account/keys", "/account/keys/{api_key}", "/account/faucet", "/account/faucet/return",
    }  # fmt: skip
    assert "apiKey" in described["components"]["schemas"]["KeyMade"]["properties"]


async def test_many_people_at_once(venue):
    async def person(number):
        async with venue.browser(address=f"198.51.100.{number}") as browser:
            me = await _enter(browser, who={"email": f"user{number}@example.org", "password": PASSWORD})
            await browser.post("/account/keys", json={"label": "bot", "scopes": ["TRADE"]})
            return me["account"]

    accounts = await asyncio.gather(*(person(number) for number in range(20)))
    assert len(set(accounts)) == 20
    assert venue.exchange.machine.validate() == ""
    assert await venue.pool.fetchval("SELECT count(*) FROM audit WHERE action = 'KEY_CREATED'") == 20

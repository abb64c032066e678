"""Users, sessions and keys as the other rooms use them; crashes between the database and the core; nothing personal in the log."""

import asyncio
import base64
import hashlib
import hmac

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from engine.commands import admin
from engine.log.port import LogUnavailable
from engine.types import KeyScope, Kind
from gateway.identity import AccountError, Identity, MasterKeyError
from gateway.identity import core as identity_core
from gateway.identity.errors import Refusal
from gateway.identity.keys import CACHED_MAX, KEYS_MAX
from gateway.identity.sessions import SESSIONS_MAX
from tests.gateway.identity.conftest import MASTER_KEY, PASSWORD, quick_passwords

ALICE = "alice@example.org"
TRADE = KeyScope.READ | KeyScope.TRADE


def _pem(private) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _refused(awaitable) -> Refusal:
    with pytest.raises(AccountError) as raised:
        await awaitable
    return raised.value.refusal


# ---------------------------------------------------------------- users


async def test_sign_up_opens_one_account_and_login_finds_it(venue):
    alice = await venue.identity.sign_up("  Alice@Example.ORG ", PASSWORD)
    assert alice.email == ALICE
    assert alice.role == "user"
    assert venue.exchange.machine.account(alice.account) is not None
    login = await venue.other_identity.login(ALICE.upper(), PASSWORD)
    assert (login.session.user_id, login.session.account, login.session.email) == (alice.user_id, alice.account, ALICE)
    bob = await venue.identity.sign_up("bob@example.org", PASSWORD)
    assert bob.account != alice.account
    assert await venue.identity.user(email=ALICE) == alice == await venue.identity.user(account=alice.account)
    assert await venue.identity.user(email="nobody@example.org") is None


async def test_signing_up_twice_with_the_password_is_the_same_user_and_without_it_is_refused(venue):
    first, again = await asyncio.gather(*(identity.sign_up(ALICE, PASSWORD) for identity in (venue.identity, venue.other_identity)))
    assert first == again == await venue.identity.sign_up(ALICE, PASSWORD)
    assert await _refused(venue.identity.sign_up(ALICE, "another password")) is Refusal.EMAIL_TAKEN
    assert await venue.pool.fetchval("SELECT count(*) FROM users") == 1


@pytest.mark.parametrize("after_the_core", [False, True])
async def test_a_crash_between_the_row_and_the_account_is_finished_at_the_next_login(venue, monkeypatch, after_the_core):
    open_account = identity_core.open_account

    async def dies(exchange, reference):
        if after_the_core:
            await open_account(exchange, reference)
        raise LogUnavailable("killed")

    monkeypatch.setattr(identity_core, "open_account", dies)
    with pytest.raises(LogUnavailable):
        await venue.identity.sign_up(ALICE, PASSWORD)
    assert await venue.identity.user(email=ALICE) is None
    monkeypatch.undo()
    login = await venue.identity.login(ALICE, PASSWORD)
    reference = await venue.pool.fetchrow("SELECT reference_hi, reference_lo FROM users")
    assert venue.exchange.machine.account(login.session.account).reference == tuple(reference)
    follower = await venue.identity.sign_up("bob@example.org", PASSWORD)
    assert follower.account == login.session.account + 1  # not one account was opened in vain


async def test_the_exchange_out_of_reach_is_said_and_nothing_half_done_is_shown(venue):
    await venue.exchange.close()
    assert await _refused(venue.identity.sign_up(ALICE, PASSWORD)) is Refusal.UNAVAILABLE
    assert await _refused(venue.identity.login(ALICE, PASSWORD)) is Refusal.UNAVAILABLE
    assert await venue.pool.fetchval("SELECT count(*) FROM sessions") == 0


@pytest.mark.parametrize(
    "email", ["", "alice", "alice@", "@example.org", "alice@example", "a b@example.org", "alice@example.org\0", "alice@exa\nmple.org",
              "älice@example.org", "alice@-example.org", "alice@example..org", "a" * 65 + "@example.org", "a@" + "b" * 63 + "." + "c" * 63 +
              "." + "d" * 63 + "." + "e" * 63 + ".org", "\ud800@example.org", "alice@example.org,bob@example.org"],
)  # fmt: skip
async def test_what_is_no_address_is_refused_at_sign_up_and_nobody_at_login(venue, email):
    assert await _refused(venue.identity.sign_up(email, PASSWORD)) is Refusal.INVALID_EMAIL
    assert await _refused(venue.identity.login(email, PASSWORD)) is Refusal.WRONG_CREDENTIALS


@pytest.mark.parametrize("password", ["", "short", "x" * 129, ALICE, ALICE.upper()])
async def test_what_is_no_password_is_refused(venue, password):
    assert await _refused(venue.identity.sign_up(ALICE, password)) is Refusal.INVALID_PASSWORD


async def test_a_password_is_the_same_however_the_keyboard_composes_it(venue):
    await venue.identity.sign_up(ALICE, "Gru\u0308\u00dfe aus K\u00f6ln")
    assert (await venue.identity.login(ALICE, "Gr\u00fc\u00dfe aus Ko\u0308ln")).token
    await venue.identity.sign_up("bob@example.org", "half a pair \ud800")
    assert (await venue.identity.login("bob@example.org", "half a pair \ud800")).token


async def test_nobody_costs_as_much_as_somebody(venue):
    """What an address that is not known tells a stopwatch: nothing, for the same hash is computed."""
    checked = []
    passwords = quick_passwords()
    verify = passwords._verify
    passwords._verify = lambda stored, password: checked.append((stored, password)) or verify(stored, password)
    identity = Identity(venue.pool, venue.exchange, MASTER_KEY, passwords=passwords)
    await identity.sign_up(ALICE, PASSWORD)
    words = []
    for email, password in ((ALICE, "wrong password"), ("nobody@example.org", "wrong password"), ("no address", "x"), (ALICE, "x" * 1000)):
        with pytest.raises(AccountError) as raised:
            await identity.login(email, password)
        words.append((raised.value.refusal, str(raised.value)))
    assert len(set(words)) == 1
    parameters = {stored.split("$")[3] for stored, _ in checked}
    assert len(checked) == 4
    assert parameters == {"m=64,t=1,p=1"}


async def test_passwords_are_hashed_with_argon2id_and_rehashed_when_the_parameters_change(venue):
    await venue.identity.sign_up(ALICE, PASSWORD)
    stored = await venue.pool.fetchval("SELECT password_hash FROM users")
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert PASSWORD not in stored
    stronger = Identity(venue.pool, venue.exchange, MASTER_KEY)
    await stronger.login(ALICE, PASSWORD)
    assert (await venue.pool.fetchval("SELECT password_hash FROM users")).startswith("$argon2id$v=19$m=32768,t=3,p=1$")
    await venue.identity.login(ALICE, PASSWORD)


# ---------------------------------------------------------------- sessions


async def test_a_session_is_found_by_its_token_alone_and_the_database_cannot_tell_it(venue):
    await venue.identity.sign_up(ALICE, PASSWORD)
    login = await venue.identity.login(ALICE, PASSWORD, address="203.0.113.9", user_agent="curl\x07/8")
    token, session = login
    assert await venue.other_identity.session(token) == session
    for other in ("", token[:-1], token + "A", token.swapcase(), "ä" * 43, "\0" * 43, session.csrf):
        assert await venue.identity.session(other) is None
    dump = str([dict(row) for row in await venue.pool.fetch("SELECT * FROM sessions")])
    assert token not in dump
    assert session.csrf not in dump
    (row,) = await venue.identity.list_sessions(session.user_id)
    assert (row.session_id, row.address, row.user_agent) == (session.session_id, "203.0.113.9", "curl/8")


@pytest.mark.parametrize("column", ["expires_at = now()", "last_seen_at = now() - interval '24 hours'"])
async def test_a_session_ends_after_its_time(venue, column):
    await venue.identity.sign_up(ALICE, PASSWORD)
    token, session = await venue.identity.login(ALICE, PASSWORD)
    await venue.pool.execute(f"UPDATE sessions SET {column}")
    assert await venue.other_identity.session(token) is None
    assert await venue.identity.list_sessions(session.user_id) == []


async def test_a_used_session_is_seen(venue):
    await venue.identity.sign_up(ALICE, PASSWORD)
    token, _ = await venue.identity.login(ALICE, PASSWORD)
    await venue.pool.execute("UPDATE sessions SET last_seen_at = now() - interval '23 hours'")
    assert await venue.other_identity.session(token)
    assert await venue.pool.fetchval("SELECT last_seen_at > now() - interval '1 minute' FROM sessions")


async def test_revoked_sessions_end_at_once_and_only_their_owners_can_revoke(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    mallory = await venue.identity.sign_up("mallory@example.org", PASSWORD)
    first = await venue.identity.login(ALICE, PASSWORD)
    second = await venue.identity.login(ALICE, PASSWORD)
    third = await venue.identity.login(ALICE, PASSWORD)
    assert not await venue.identity.revoke_session(mallory.user_id, first.session.session_id)
    assert await venue.identity.session(first.token)
    assert await venue.identity.revoke_session(alice.user_id, first.session.session_id)
    assert await venue.identity.session(first.token) is None
    assert await venue.identity.revoke_other_sessions(second.session) == 1
    assert await venue.identity.session(third.token) is None
    assert await venue.identity.session(second.token)


async def test_sessions_of_one_user_are_bounded(venue):
    user = await venue.identity.sign_up(ALICE, PASSWORD)
    tokens = [(await venue.identity.login(ALICE, PASSWORD)).token for _ in range(SESSIONS_MAX + 1)]
    assert len(await venue.identity.list_sessions(user.user_id)) == SESSIONS_MAX
    assert await venue.identity.session(tokens[0]) is None
    assert await venue.identity.session(tokens[1])


async def test_a_new_password_ends_the_other_sessions(venue):
    await venue.identity.sign_up(ALICE, PASSWORD)
    mine, stolen = await venue.identity.login(ALICE, PASSWORD), await venue.identity.login(ALICE, PASSWORD)
    assert await _refused(venue.identity.change_password(mine.session, "a wrong guess", "a new password")) is Refusal.WRONG_PASSWORD
    assert await _refused(venue.identity.change_password(mine.session, PASSWORD, "short")) is Refusal.INVALID_PASSWORD
    assert await venue.identity.session(stolen.token)
    await venue.identity.change_password(mine.session, PASSWORD, "a new password")
    assert await venue.identity.session(stolen.token) is None
    assert await venue.identity.session(mine.token)
    assert await _refused(venue.identity.login(ALICE, PASSWORD)) is Refusal.WRONG_CREDENTIALS
    await venue.identity.login(ALICE, "a new password")


# ---------------------------------------------------------------- keys


async def test_an_hmac_key_signs_and_works_in_every_process(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    new = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    assert (len(new.api_key), len(new.secret)) == (64, 64)
    assert new.api_key.isalnum()
    key = await venue.other_identity.key(new.api_key)
    assert (key.account, key.user_id, key.type, key.scopes) == (alice.account, alice.user_id, "HMAC", TRADE)
    view = venue.exchange.machine.key(key.key_id)
    assert (view.account, view.scopes) == (alice.account, TRADE)
    payload = b"symbol=BTCUSDT&timestamp=1"
    signature = hmac.new(new.secret.encode(), payload, hashlib.sha256).hexdigest()
    verify = venue.identity.verify
    assert verify(key, payload, signature)
    assert verify(key, payload, signature.upper())
    for wrong in ("", signature[:-1], signature + "0", " " + signature[1:], "ä" * 64, "0" * 64, signature.replace(signature[0], "\0")):
        assert not verify(key, payload, wrong)
    assert not verify(key, payload + b"&", signature)


async def test_an_ed25519_key_checks_signatures_of_its_private_half(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    private = Ed25519PrivateKey.generate()
    new = await venue.identity.create_key(alice.account, "Ed25519", "hardware", KeyScope.READ, _pem(private))
    assert new.secret == ""
    key = await venue.other_identity.key(new.api_key)
    payload = b"apiKey=x&timestamp=1"
    signature = base64.b64encode(private.sign(payload)).decode()
    verify = venue.identity.verify
    assert verify(key, payload, signature)
    other = base64.b64encode(Ed25519PrivateKey.generate().sign(payload)).decode()
    unpadded, in_hex = signature.replace("=", ""), private.sign(payload).hex()
    for wrong in ("", "=", other, signature[:-4], signature + "\n", unpadded, in_hex, "ä", "A" * 10_000):
        assert not verify(key, payload, wrong)
    assert not verify(key, payload + b" ", signature)


async def test_what_is_no_key_is_refused_before_the_core_hears_of_it(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    curve = ec.generate_private_key(ec.SECP256R1())
    good = _pem(Ed25519PrivateKey.generate())
    create = venue.identity.create_key
    before = venue.exchange.machine.state_hash()
    cases = [
        (("HMAC", "bot", 0), Refusal.INVALID_SCOPES),
        (("HMAC", "bot", 8), Refusal.INVALID_SCOPES),
        (("HMAC", "", TRADE), Refusal.INVALID_LABEL),
        (("HMAC", "   ", TRADE), Refusal.INVALID_LABEL),
        (("HMAC", "x" * 65, TRADE), Refusal.INVALID_LABEL),
        (("HMAC", "a\0b", TRADE), Refusal.INVALID_LABEL),
        (("HMAC", "\ud800", TRADE), Refusal.INVALID_LABEL),
        (("RSA", "bot", TRADE), Refusal.INVALID_REQUEST),
        (("HMAC", "bot", TRADE, good), Refusal.INVALID_REQUEST),
        (("Ed25519", "bot", TRADE), Refusal.INVALID_REQUEST),
        (("Ed25519", "bot", TRADE, ""), Refusal.INVALID_PUBLIC_KEY),
        (("Ed25519", "bot", TRADE, good.replace("A", "!")), Refusal.INVALID_PUBLIC_KEY),
        (("Ed25519", "bot", TRADE, good * 20), Refusal.INVALID_PUBLIC_KEY),
        (("Ed25519", "bot", TRADE, "\ud800"), Refusal.INVALID_PUBLIC_KEY),
        (("Ed25519", "bot", TRADE, _pem(curve)), Refusal.INVALID_PUBLIC_KEY),
    ]
    for arguments, refusal in cases:
        assert await _refused(create(alice.account, *arguments)) is refusal, arguments
    assert await _refused(create(10**6, "HMAC", "bot", TRADE)) is Refusal.NOT_FOUND
    assert venue.exchange.machine.state_hash() == before


async def test_a_revoked_key_is_dead_in_every_process_and_cannot_be_revived(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    mallory = await venue.identity.sign_up("mallory@example.org", PASSWORD)
    new = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    assert await venue.other_identity.key(new.api_key)  # cached over there from here on
    assert not await venue.identity.revoke_key(mallory.account, new.api_key)
    assert await venue.identity.revoke_key(alice.account, new.api_key)
    assert not await venue.identity.revoke_key(alice.account, new.api_key)
    await venue.other_exchange.caught_up()
    assert await venue.other_identity.key(new.api_key) is None
    assert await venue.identity.key(new.api_key) is None
    assert await venue.identity.list_keys(alice.account) == []


async def test_a_crash_after_the_core_revoked_leaves_the_key_dead(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    new = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    key = await venue.identity.key(new.api_key)
    await identity_core.set_key(venue.exchange, key.key_id, 0)
    assert await venue.identity.key(new.api_key) is None
    assert await venue.identity.list_keys(alice.account) == []


async def test_scopes_are_the_cores_at_every_request(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    new = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    key = await venue.identity.key(new.api_key)
    await venue.operate(admin(Kind.SET_KEY, key=key.key_id, scopes=KeyScope.READ))
    await venue.exchange.caught_up()
    assert (await venue.identity.key(new.api_key)).scopes == KeyScope.READ
    assert (await venue.identity.list_keys(alice.account))[0].scopes == KeyScope.READ


async def test_a_key_whose_row_could_not_be_written_works_nowhere(venue, monkeypatch):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    await venue.pool.execute("ALTER TABLE api_keys ADD CONSTRAINT refuse CHECK (label <> 'refused')")
    with pytest.raises(asyncpg.CheckViolationError):
        await venue.identity.create_key(alice.account, "HMAC", "refused", TRADE)
    assert venue.exchange.machine.key(1).scopes == 0


async def test_unknown_and_malformed_keys_are_nobodys(venue):
    for text in ("", "x", "a" * 64, "ä" * 64, "\0" * 64, "a" * 63 + "'", "a" * 100_000):
        assert await venue.identity.key(text) is None
        user = await venue.identity.sign_up(ALICE, PASSWORD)
        assert not await venue.identity.revoke_key(user.account, text)


async def test_keys_of_one_user_are_bounded(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    made = [await venue.identity.create_key(alice.account, "HMAC", f"bot {number}", TRADE) for number in range(KEYS_MAX)]
    assert await _refused(venue.identity.create_key(alice.account, "HMAC", "one more", TRADE)) is Refusal.TOO_MANY_KEYS
    assert [row.api_key for row in await venue.identity.list_keys(alice.account)] == [key.api_key for key in made]
    await venue.identity.revoke_key(alice.account, made[3].api_key)
    await venue.identity.create_key(alice.account, "HMAC", "one more", TRADE)


async def test_the_cache_of_keys_is_bounded_and_spares_the_database(venue, monkeypatch):
    monkeypatch.setattr("gateway.identity.keys.CACHED_MAX", 2)
    assert CACHED_MAX > 1000
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    made = [await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE) for _ in range(3)]
    for key in made:
        assert await venue.identity.key(key.api_key)
    assert len(venue.identity._keys._cache) == 2
    await venue.pool.execute("ALTER TABLE api_keys RENAME TO away")
    assert await venue.identity.key(made[2].api_key)
    with pytest.raises(asyncpg.UndefinedTableError):
        await venue.identity.key(made[0].api_key)


async def test_secrets_are_sealed_and_open_only_with_the_master_key(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD)
    first = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    second = await venue.identity.create_key(alice.account, "HMAC", "bot", TRADE)
    dump = str([dict(row) for row in await venue.pool.fetch("SELECT * FROM api_keys")]).encode()
    assert first.secret.encode() not in dump
    stranger = Identity(venue.pool, venue.exchange, bytes(32), passwords=quick_passwords())
    with pytest.raises(MasterKeyError):
        await stranger.key(first.api_key)
    await venue.pool.execute(
        "UPDATE api_keys SET sealed_secret = (SELECT sealed_secret FROM api_keys WHERE api_key = $1) WHERE api_key = $2",
        first.api_key, second.api_key,
    )  # fmt: skip
    with pytest.raises(MasterKeyError):  # a secret moved to another key does not open either
        await venue.identity.key(second.api_key)


async def test_nothing_secret_or_personal_is_in_the_log_or_the_audit(venue):
    alice = await venue.identity.sign_up(ALICE, PASSWORD, address="203.0.113.9")
    login = await venue.identity.login(ALICE, PASSWORD, address="203.0.113.9")
    key = await venue.identity.create_key(alice.account, "HMAC", "my bot", TRADE)
    await venue.identity.revoke_key(alice.account, key.api_key)
    await _refused(venue.identity.login(ALICE, "a wrong guess"))
    await _refused(venue.identity.login("nobody@example.org", "a wrong guess"))
    logged = venue.logged_bytes()
    for secret in (ALICE, "203.0.113.9", PASSWORD, key.api_key, key.secret, login.token, "my bot"):
        assert secret.encode() not in logged
    audit = await venue.pool.fetch("SELECT user_id, action, address, detail FROM audit ORDER BY audit_id")
    assert [row["action"] for row in audit] == ["SIGN_UP", "LOGIN", "KEY_CREATED", "KEY_REVOKED", "LOGIN_FAILED", "LOGIN_FAILED"]
    assert [row["user_id"] for row in audit] == [alice.user_id] * 5 + [None]
    for secret in (PASSWORD, key.secret, login.token, "a wrong guess"):
        assert secret not in str(audit)

"""`cryptoshop admin` against a running log and database: each command, by the words it prints and what the core holds afterwards."""

import asyncio
import io
import json
import logging
import subprocess
import sys
import time

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cryptoshop import cli
from cryptoshop.admin.cli import EXAMPLES, main, parser
from cryptoshop.admin.keys import scopes
from cryptoshop.filters import OF_MARKETS
from cryptoshop.opening import lift_rules, open_venue
from cryptoshop.settings import Settings
from engine.exchange import ExchangeClient
from engine.log.port import LogRefused, Refusal
from engine.types import KeyScope, Role

ALICE = "alice@example.org"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def data_dir(module_database, tmp_path_factory):
    """Of a venue of which just the log and the database run."""
    data_dir = tmp_path_factory.mktemp("venue")
    command = [sys.executable, "-m", "cryptoshop.cli", "log", "--data-dir", str(data_dir)]
    log = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not (data_dir / "log.sock").exists():
        assert log.poll() is None, log.stderr.read()
        time.sleep(0.02)
    facts = {"database_url": module_database, "log_url": f"local:{data_dir}/log.sock"}
    (data_dir / "run.json").write_text(json.dumps(facts))
    yield data_dir
    log.terminate()
    log.wait()
    log.stderr.close()


@pytest.fixture
def run(data_dir, capsys, monkeypatch):
    """Runs one command line as a shell does; returns (status, what it said)."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = cli.main(["admin", *arguments, "--data-dir", str(data_dir)])
        said = capsys.readouterr()
        assert bool(said.err) == bool(status)
        return status, said.out if status == 0 else said.err

    return run


async def _lift_rules(log_url):
    exchange = await ExchangeClient.open(log_url, role=Role.OPERATOR)
    await lift_rules(exchange)
    await exchange.close()


@pytest.fixture(scope="module")
def market(data_dir):
    """The newest rules, BTCUSDT, and alice."""
    asyncio.run(_lift_rules(f"local:{data_dir}/log.sock"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))
        for line in (
            "add-asset BTC --decimals 8",
            "add-asset USDT --decimals 8",
            "add-symbol BTCUSDT --base BTC --quote USDT --tick 0.01 --lot 0.00001 --min-notional 5",
            f"create-admin {ALICE} --password-stdin",
        ):
            assert cli.main(["admin", *line.split(), "--data-dir", str(data_dir)]) == 0


@pytest.fixture
def listed(run, market):
    """`run`, where there is a market."""
    return run


def _fetch(url, sql, *values):
    async def fetch():
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_the_first_administrator(run, module_database):
    status, said = run("create-admin", "Root@Example.org", "--password-stdin", stdin=PASSWORD + "\n")
    assert (status, said.split(" with account ")[0]) == (0, "root@example.org is an administrator now,")
    (row,) = _fetch(module_database, "SELECT role, account, password_hash FROM users WHERE email = 'root@example.org'")
    assert row["role"] == "admin"
    assert str(row["account"]) in said
    assert row["password_hash"].startswith("$argon2id$")
    status, said = run("create-admin", "root@example.org")
    assert status == 0
    assert "the password is as it was" in said


@pytest.mark.parametrize(
    ("arguments", "stdin", "says"),
    [
        (("not-an-address", "--password-stdin"), PASSWORD, "not an e-mail address"),
        (("new@example.org", "--password-stdin"), "short\n", "8 to 128 characters"),
        (("new@example.org", "--password-stdin"), "", "8 to 128 characters"),
        (("new@example.org",), "", "--password-stdin"),
    ],
)
def test_an_administrator_that_cannot_be(run, arguments, stdin, says):
    status, said = run("create-admin", *arguments, stdin=stdin)
    assert status == 1
    assert says in said
    assert said.count("\n") == 1


def test_roles(run, module_database):
    email = "molly@example.org"
    run("create-admin", email, "--password-stdin", stdin=PASSWORD + "\n")
    run("create-admin", "other@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    for role, said in (("moderator", "a moderator of the shop"), ("admin", "an administrator"), ("user", "a user like any other")):
        assert run("set-role", email, role) == (0, f"{email} is {said} now\n")
        (row,) = _fetch(module_database, "SELECT role FROM users WHERE email = $1", email)
        assert row["role"] == role
    traces = _fetch(module_database, "SELECT detail FROM audit JOIN users USING (user_id) WHERE email = $1 AND action = 'ROLE'", email)
    assert [row["detail"] for row in traces] == ["admin", "moderator", "admin", "user"]
    status, said = run("set-role", "nobody@example.org", "moderator")
    assert (status, "nobody is signed up as" in said) == (1, True)


def test_the_last_administrator_stays_one(run, module_database):
    admins = [row["email"] for row in _fetch(module_database, "SELECT email FROM users WHERE role = 'admin' ORDER BY email")]
    if not admins:
        run("create-admin", ALICE, "--password-stdin", stdin=PASSWORD + "\n")
        admins = [ALICE]
    for email in admins[:-1]:
        assert run("set-role", email, "user")[0] == 0
    status, said = run("set-role", admins[-1], "moderator")
    assert (status, "the only administrator" in said) == (1, True)
    assert _fetch(module_database, "SELECT role FROM users WHERE email = $1", admins[-1])[0]["role"] == "admin"
    for email in admins[:-1]:
        run("set-role", email, "admin")


def test_listings_halts_and_fees(listed):
    status, said = listed("symbols")
    assert status == 0
    head, row = said.splitlines()
    assert head.split()[:4] == ["SYMBOL", "STATUS", "TICK", "LOT"]
    assert row.split() == ["BTCUSDT", "TRADING", "0.01", "0.00001", "5", "1000000", "10000", "0.1%", "0.1%", "-"]
    assert "USDT   8" in listed("assets")[1]
    assert listed("cancel-only", "BTCUSDT") == (0, "BTCUSDT is CANCEL_ONLY: orders may be cancelled, nothing else\n")
    assert "CANCEL_ONLY" in listed("symbols")[1]
    assert listed("halt", "BTCUSDT") == (0, "BTCUSDT is HALTED: nothing can be done there, not even a cancel\n")
    assert listed("resume", "BTCUSDT") == (0, "BTCUSDT is TRADING\n")
    assert "without trading" in listed("auction", "BTCUSDT")[1]
    assert "AUCTION already" in listed("auction", "BTCUSDT")[1]
    assert listed("resume", "BTCUSDT") == (0, "BTCUSDT is TRADING: the auction ends at one price for all, then trading goes on\n")
    status, said = listed("fees", "BTCUSDT", "--tier", "3", "--maker", "0.02%", "--taker", "0.05")
    assert [line.split() for line in said.splitlines()] == [["TIER", "MAKER", "TAKER"], ["0", "0.1%", "0.1%"], ["3", "0.02%", "0.05%"]]
    status, said = listed("fees", "BTCUSDT", "--tier", "3", "--taker", "0")
    assert said.splitlines()[-1].split() == ["3", "0.02%", "0%"]


def test_filters(listed):
    for name, known in OF_MARKETS.items():
        assert listed("set-filter", "BTCUSDT", name, known.example) == (0, f"{name} of BTCUSDT is {known.example}\n")
    shown = dict(line.split()[:2] for line in listed("filters", "BTCUSDT")[1].splitlines()[1:])
    assert shown == {name: known.example for name, known in OF_MARKETS.items()} | {"min-price": "0.1"}
    assert listed("set-filter", "all", "max-orders", "1000") == (0, "max-orders of all is 1000\n")
    assert listed("set-filter", "BTC", "max-order", "100.5") == (0, "max-order of BTC is 100.5\n")
    shown = [line.split()[:3] for line in listed("filters")[1].splitlines()[1:]]
    assert shown == [["max-orders", "1000", "open"], ["BTC", "max-order", "100.5"]]
    for where, name in (*(("BTCUSDT", name) for name in OF_MARKETS), ("all", "max-orders"), ("BTC", "max-order")):
        assert listed("set-filter", where, name, "off") == (0, f"{name} of {where} is off\n")
    assert listed("filters", "BTCUSDT") == (0, "no filter of BTCUSDT is set\n")
    assert listed("filters") == (0, "no filter of all is set\n")


def test_trade_groups(listed):
    for name in ("first", "second"):
        listed("create-admin", f"{name}@example.org", "--password-stdin", stdin=PASSWORD + "\n")
    status, said = listed("set-group", "second@example.org", "first@example.org")
    assert (status, "do not trade with each other" in said) == (0, True)
    assert "of its own" in listed("set-group", "second@example.org", "second@example.org")[1]


def test_people_and_their_money(listed):
    assert listed("deposit", ALICE, "USDT", "1000.5")[1].endswith("has 1000.5 USDT available\n")
    assert listed("withdraw", ALICE, "USDT", "0.5")[1].endswith("has 1000 USDT available\n")
    row = next(line for line in listed("accounts", "list", "--search", "ALICE")[1].splitlines() if ALICE in line)
    account = row.split()[0]
    assert row.split()[1:] == [ALICE, "admin", "ACTIVE", "0", "1000", "USDT"]
    assert listed("tier", account, "3") == (0, f"account {account} pays the fees of tier 3\n")
    assert "FROZEN" in listed("freeze", ALICE)[1]
    status, said = listed("withdraw", ALICE, "USDT", "1")
    assert (status, "unfreeze it first" in said) == (1, True)
    assert "ACTIVE" in listed("unfreeze", account)[1]
    status, said = listed("withdraw", account, "USDT", "1000.00000001")
    assert (status, "less than that available" in said) == (1, True)
    assert ALICE not in listed("accounts", "--after", account)[1]


def test_keys(listed, tmp_path):
    status, said = listed("keys", "create", ALICE, "--label", "bot", "--scopes", "read,trade")
    api_key, secret = (line.split()[1] for line in said.splitlines())
    assert (len(api_key), len(secret)) == (64, 64)
    pem = tmp_path / "public.pem"
    pem.write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    status, said = listed("keys", "create", ALICE, "--label", "hardware", "--scopes", "READ", "--public-key", str(pem))
    assert status == 0
    assert "secret" not in said
    said = listed("keys", "list", ALICE)[1]
    assert api_key in said
    assert secret not in said
    assert "READ,TRADE" in said
    assert "nothing that comes with it takes effect" in listed("keys", "revoke", api_key)[1]
    assert api_key not in listed("keys", "list", ALICE)[1]
    status, said = listed("keys", "revoke", api_key)
    assert (status, "revoked already" in said) == (1, True)
    assert listed("keys", "create", ALICE, "--label", "x", "--public-key", "/nowhere.pem")[0] == 1
    assert listed("keys", "list", "nobody@example.org")[0] == 1


def test_order_limits_and_opening(listed):
    assert listed("order-limits", "--per-10s", "50", "--per-day", "0") == (0, "an account may place 50 in 10 s and any number a day\n")
    assert "from here on the log's clock" in listed("open")[1]
    assert listed("open") == (0, "the venue is open already\n")
    assert listed("deposit", ALICE, "BTC", "1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add-asset", "BTC", "--decimals", "8"), "BTC is listed already"),
        (("add-asset", "GOLD", "--decimals", "10"), "0 to 9 decimals"),
        (("add-symbol", "BTCUSDT", "--base", "BTC", "--quote", "USDT", "--tick", "0.01", "--lot", "0.00001"), "listed already"),
        (("add-symbol", "BTCGOLD", "--base", "BTC", "--quote", "GOLD", "--tick", "0.01", "--lot", "0.00001"), "no asset GOLD"),
        (("add-symbol", "USDTBTC", "--base", "USDT", "--quote", "BTC", "--tick", "0.00000001", "--lot", "0.1"), "whole number of BTC"),
        (("add-symbol", "USDTBTC", "--base", "USDT", "--quote", "BTC", "--tick", "1", "--lot", "1", "--maker", "free"), "fee in percent"),
        (("halt", "DOGEUSDT"), "no symbol DOGEUSDT"),
        (("set-filter", "BTCUSDT", "max-fun", "1"), "there is no filter max-fun of BTCUSDT: it is one of min-price"),
        (("set-filter", "BTCUSDT", "max-notional", "much"), "not a plain decimal"),
        (("set-filter", "BTCUSDT", "min-price", "0.001"), "not a multiple of 0.01000000; write it like 0.10, or off"),
        (("set-filter", "BTCUSDT", "max-lists", "0"), "must be above 0, or off"),
        (("set-filter", "BTCUSDT", "notional-spares-market", "never"), "none of minimum, maximum, both, off"),
        (("set-filter", "all", "max-position", "5"), "there is no filter max-position of all markets"),
        (("set-filter", "DOGEUSDT", "max-lists", "5"), "no symbol DOGEUSDT"),
        (("set-group", "nobody@example.org", "17"), "nobody is signed up"),
        (("fees", "BTCUSDT", "--maker", "101"), "parts per million"),
        (("deposit", ALICE, "USDT", "-5"), "not a plain decimal"),
        (("deposit", ALICE, "USDT", "0"), "above 0"),
        (("deposit", ALICE, "USDT", "0.000000001"), "8 decimals"),
        (("deposit", ALICE, "GOLD", "1"), "no asset GOLD"),
        (("deposit", "2", "USDT", "1"), "no account 2"),
        (("deposit", "999999", "USDT", "1"), "no account 999999"),
        (("freeze", "nobody@example.org"), "nobody is signed up"),
        (("keys", "create", ALICE, "--label", ""), "label"),
        (("keys", "revoke", "x"), "no such key"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(listed, arguments, says):
    status, said = listed(*arguments)
    assert status == 1
    assert says in said
    assert said.startswith("cryptoshop: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [
    (), ("nothing",), ("tier", "17", "32"), ("order-limits", "--per-10s", "-1", "--per-day", "0"), ("keys",),
    ("keys", "create", "17", "--label", "x", "--scopes", "ADMIN"),
])  # fmt: skip
def test_wrong_usage_is_told_and_costs_nothing(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments])
    assert stopped.value.code == 2
    assert "usage: cryptoshop admin" in capsys.readouterr().err


def test_help_teaches_by_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    for words in ("create-admin you@example.org", "--tick 0.01 --lot 0.00001", "ACCOUNT is"):
        assert words in said


def test_every_example_of_the_help_parses():
    examples = [line.split("  ")[1].split() for line in EXAMPLES.splitlines() if line.startswith("  cryptoshop admin")]
    assert len(examples) >= 10
    for example in examples:
        assert parser().parse_args(example[2:]).command == example[2]
    assert scopes("READ, trade") == KeyScope.READ | KeyScope.TRADE


def test_a_full_disk_is_told_as_what_it_is(tmp_path, capsys, monkeypatch):
    async def refuse(_given):
        logging.getLogger("engine.exchange").error("event=log_refuses")
        raise LogRefused(Refusal.NO_SPACE, "the disk is nearly full")

    monkeypatch.setattr("cryptoshop.admin.cli._run", refuse)
    assert cli.main(["admin", "--data-dir", str(tmp_path), "symbols"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nothing has changed" in said and "nearly full" in said


@pytest.mark.parametrize("run_file", [None, "", "{}", '{"database_url": "postgresql://postgres@/x?host=/nowhere"}'])
def test_no_venue_runs(tmp_path, capsys, run_file):
    if run_file is not None:
        (tmp_path / "run.json").write_text(run_file)
    assert cli.main(["admin", "--data-dir", str(tmp_path), "symbols"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no venue is running" in said


def test_the_log_does_not_answer(tmp_path, capsys, module_database, monkeypatch):
    monkeypatch.setattr("cryptoshop.admin.office.CONNECT_SECONDS", 0.05)
    facts = {"database_url": module_database, "log_url": f"local:{tmp_path}/log.sock"}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    assert cli.main(["admin", "symbols", "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no log answers" in said


def test_margin_from_nothing(listed, data_dir):
    status, said = listed("margin", "show")
    assert (status, "begin with margin set" in said) == (1, True)
    settings = Settings(data_dir, log_url=f"local:{data_dir}/log.sock")
    asyncio.run(open_venue(settings))  # margin needs the newest rules
    assert "called at 1.3, liquidated at 1.1" in listed("margin", "set", "USDT")[1]
    assert "called at 1.4," in listed("margin", "set", "--call", "1.4")[1]
    assert listed("margin", "set", "BTC") == (1, "cryptoshop: values are in USDT, for ever\n")
    assert "levels must fall" in listed("margin", "set", "--borrow", "9")[1]
    assert "no margin asset yet" in listed("margin", "asset", "BTC", "--market", "BTCUSDT")[1]
    assert listed("margin", "asset", "USDT", "--base", "0.02")[0] == 0
    said = listed("margin", "asset", "BTC", "--market", "BTCUSDT", "--limit", "50", "--base", "0.012")[1]
    assert "BTCUSDT" in said
    assert "0.012%" in said
    assert "1000000:95,5000000:80" in listed("margin", "collateral", "BTC", "1000000:95,5000000:80")[1]
    assert "all:100" in listed("margin", "collateral", "USDT", "all:100")[1]
    assert listed("deposit", ALICE, "USDT", "1000")[0] == 0
    assert listed("margin", "lend", ALICE, "USDT", "400")[1].endswith("has 400 USDT in the pool\n")
    assert "less than that available" in listed("margin", "lend", ALICE, "USDT", "100000")[1]
    assert listed("margin", "redeem", ALICE, "USDT", "150")[1].endswith("has 250 USDT in the pool\n")
    assert listed("margin", "redeem", ALICE, "USDT", "all")[1].endswith("has 0 USDT in the pool\n")
    assert "less than that in the pool" in listed("margin", "redeem", ALICE, "USDT", "1")[1]
    assert "1000000 USDT" in listed("margin", "tiers", "1:100000,2:1000000")[1]
    assert listed("margin", "tiers", "") == (0, "fee tiers do not go by volume\n")
    assert listed("margin", "discount", "BTC", "10")[1] == "fees paid in BTC are 10 % less, for accounts that switch it on\n"
    assert "fees paid in BTC are 10% less" in listed("margin", "show")[1]
    assert listed("margin", "discount", "none")[0] == 0

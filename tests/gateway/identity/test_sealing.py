"""The master key's file and what is sealed with it."""

import os
import threading

import pytest

from gateway.identity import MasterKeyError, load_master_key
from gateway.identity.sealing import seal, unseal

KEY = bytes(range(32))


def test_the_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "secrets" / "master.key"
    key = load_master_key(path)
    assert len(key) == 32
    assert load_master_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["master.key"]


def test_processes_that_start_at_once_agree(tmp_path):
    path, keys = tmp_path / "secrets" / "master.key", []
    threads = [threading.Thread(target=lambda: keys.append(load_master_key(path))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 16
    assert len(set(keys)) == 1


@pytest.mark.parametrize("content", [b"", b"\n", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64, b"00" * 100_000])
def test_what_is_no_key_is_never_replaced(tmp_path, content):
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match="not a master key"):
        load_master_key(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_no_secret(tmp_path, mode):
    path = tmp_path / "master.key"
    load_master_key(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match="read by others"):
        load_master_key(path)


def test_a_place_that_cannot_be_written():
    with pytest.raises(MasterKeyError, match="cannot be used"):
        load_master_key("/proc/nowhere/master.key")


def test_what_is_sealed_opens_only_whole_with_its_key_and_for_its_owner():
    sealed = seal(KEY, b"the secret", "owner")
    assert unseal(KEY, sealed, "owner") == b"the secret"
    assert b"the secret" not in sealed
    assert seal(KEY, b"the secret", "owner") != sealed  # a nonce of its own
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(MasterKeyError):
            unseal(KEY, changed, "owner")
    for key, data, owner in ((bytes(32), sealed, "owner"), (KEY, sealed, "another"), (KEY, sealed[:-1], "owner"), (KEY, b"", "owner")):
        with pytest.raises(MasterKeyError):
            unseal(key, data, owner)

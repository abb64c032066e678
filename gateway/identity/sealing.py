"""The venue's master key, and what is sealed with it: the secrets of HMAC keys, which must be readable to check a signature.

Owns the file of the master key (mode 600, made at the first start) and the form of what is sealed: nonce, then
AES-256-GCM ciphertext, bound to the API key that it belongs to. A database without the master key betrays no secret;
a lost master key makes HMAC keys useless.
"""

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.identity.errors import MasterKeyError

KEY_BYTES = 32
_NONCE_BYTES = 12


def load_master_key(path: Path | str) -> bytes:
    """The 32 bytes in the file, made with its directory where it is absent; processes that start at once agree on one.

    Raises MasterKeyError: unreadable, not a key, or readable by others.
    """
    path = Path(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024)
    except OSError as error:
        raise MasterKeyError(f"the master key {path} cannot be used: {error.strerror}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MasterKeyError(f"the master key {path} can be read by others: chmod 600 it, and change the keys it protects")
    try:
        key = bytes.fromhex(text.decode())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{path} is not a master key ({KEY_BYTES} bytes in hexadecimal): restore it from a backup")
    return key


def _make(path: Path) -> None:
    """A fresh key appears under `path` whole or not at all, and never replaces one."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        fresh.unlink()


def seal(master_key: bytes, secret: bytes, api_key: str) -> bytes:
    """The secret, readable again only with the master key and for this API key."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(master_key).encrypt(nonce, secret, api_key.encode())


def unseal(master_key: bytes, sealed: bytes, api_key: str) -> bytes:
    """What was sealed. Raises MasterKeyError where it was sealed with another master key, for another API key, or was changed."""
    try:
        return AESGCM(master_key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], api_key.encode())
    except (InvalidTag, ValueError):
        raise MasterKeyError("a stored secret does not open with this master key: restore the one it was sealed with") from None

"""Who people are: users, sessions, API keys. `Identity` is the façade; routes.py speaks HTTP for it."""

from gateway.identity.errors import AccountError, MasterKeyError
from gateway.identity.identity import Identity, Login, User
from gateway.identity.keys import ApiKey, KeyRow, NewKey
from gateway.identity.sealing import load_master_key
from gateway.identity.sessions import Session

__all__ = ["AccountError", "ApiKey", "Identity", "KeyRow", "Login", "MasterKeyError", "NewKey", "Session", "User", "load_master_key"]

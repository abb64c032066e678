"""Users, their sessions and API keys, and the audit trail of all that changes them.

The database holds who people are; the core holds what they may do. `reference_*` ties a row to its account or key in the core.
"""

from alembic import op

revision = "0001_identity"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE users (
        user_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) <= 254),
        password_hash text NOT NULL,
        role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'admin')),
        reference_hi bigint NOT NULL,
        reference_lo bigint NOT NULL,
        account integer UNIQUE,  -- NULL until the core has opened it
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (reference_hi, reference_lo)
    )
    """,
    """
    CREATE TABLE sessions (
        session_id uuid PRIMARY KEY,
        token_hash bytea NOT NULL UNIQUE,  -- SHA-256; the token itself is only in the cookie
        user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        address text NOT NULL CHECK (length(address) <= 64),
        user_agent text NOT NULL CHECK (length(user_agent) <= 256)
    )
    """,
    "CREATE INDEX sessions_by_user ON sessions (user_id, created_at)",
    """
    CREATE TABLE api_keys (
        api_key text PRIMARY KEY CHECK (length(api_key) = 64),
        user_id bigint NOT NULL REFERENCES users ON DELETE RESTRICT,
        account integer NOT NULL,
        key_id integer NOT NULL UNIQUE,  -- in the core
        reference_hi bigint NOT NULL,
        reference_lo bigint NOT NULL,
        type text NOT NULL CHECK (type IN ('HMAC', 'Ed25519')),
        label text NOT NULL CHECK (length(label) BETWEEN 1 AND 64),
        scopes smallint NOT NULL CHECK (scopes BETWEEN 1 AND 7),
        sealed_secret bytea,  -- HMAC: nonce and AES-GCM ciphertext under the venue's master key
        public_key bytea,  -- Ed25519: the 32 raw bytes
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz,
        UNIQUE (reference_hi, reference_lo),
        CHECK ((type = 'HMAC') = (sealed_secret IS NOT NULL) AND (type = 'Ed25519') = (public_key IS NOT NULL))
    )
    """,
    "CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at)",
    """
    CREATE TABLE audit (
        audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        user_id bigint REFERENCES users ON DELETE SET NULL,  -- NULL: nobody known
        action text NOT NULL CHECK (length(action) <= 32),
        address text NOT NULL DEFAULT '' CHECK (length(address) <= 64),
        detail text NOT NULL DEFAULT '' CHECK (length(detail) <= 256)
    )
    """,
    "CREATE INDEX audit_by_user ON audit (user_id, at)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    for table in ("audit", "api_keys", "sessions", "users"):
        op.execute(f"DROP TABLE {table}")

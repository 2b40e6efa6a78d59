"""API tokens: shown once, kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
import time

from .connection import database
from .people import Person, person_of_row

TOKEN_HOURS = 12


def issue_token(user_id: int, *, hours: int = TOKEN_HOURS) -> tuple[str, int]:
    """A new bearer token and the second at which it expires."""
    token, now = secrets.token_urlsafe(32), int(time.time())
    expires = now + hours * 3600
    with database(write=True) as db:
        db.execute("DELETE FROM api_tokens WHERE expires <= ?", (now,))
        db.execute("INSERT INTO api_tokens VALUES (?, ?, ?)", (_digest(token), user_id, expires))
    return token, expires


def user_of_token(token: str) -> Person | None:
    """Whose valid token this is; None also for a disabled user."""
    with database() as db:
        row = db.execute(
            "SELECT users.* FROM users JOIN api_tokens ON user_id = id"
            " WHERE digest = ? AND expires > ? AND NOT disabled",
            (_digest(token), int(time.time())),
        ).fetchone()
    return person_of_row(row) if row else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

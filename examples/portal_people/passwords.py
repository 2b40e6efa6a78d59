"""Passwords, kept as salted scrypt digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from .connection import database
from .people import Person, person_of_row


def hash_password(password: str, salt: str | None = None) -> str:
    salt = salt or secrets.token_hex(16)
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1)
    return f"{salt}:{digest.hex()}"


_NOBODY = hash_password(secrets.token_hex(16))


def check_password(user_name: str, password: str) -> Person | None:
    """Whose user name and password these are; None also for a disabled user."""
    with database() as db:
        row = db.execute("SELECT * FROM users WHERE user_name = ?", (user_name,)).fetchone()
    stored = (row and row["password"]) or _NOBODY  # an unknown name takes as long as a wrong password
    right = hmac.compare_digest(hash_password(password, stored.partition(":")[0]), stored)
    return person_of_row(row) if row and right and not row["disabled"] else None


def change_password(user_id: int, new_password: str) -> None:
    """Set a new password; API tokens got with the old one end."""
    with database(write=True) as db:
        db.execute("UPDATE users SET password = ? WHERE id = ?", (hash_password(new_password), user_id))
        db.execute("DELETE FROM api_tokens WHERE user_id = ?", (user_id,))

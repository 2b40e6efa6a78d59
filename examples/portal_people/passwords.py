"""Passwords, kept as salted scrypt digests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3

from .connection import database
from .people import Person, person_of_row
from .security import security_settings

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another when read aloud or copied
BLOCK = 4
BLOCKS = 4  # with these letters 79 bits


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
        set_password(db, user_id, new_password)


def set_password(db: sqlite3.Connection, user_id: int, new_password: str) -> None:
    db.execute("UPDATE users SET password = ? WHERE id = ?", (hash_password(new_password), user_id))
    db.execute("DELETE FROM api_tokens WHERE user_id = ?", (user_id,))


def start_password() -> str:
    """For a new user: easy to copy, and as long as the settings demand."""
    blocks = max(BLOCKS, -(-(security_settings().password_length + 1) // (BLOCK + 1)))
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(BLOCK)) for _ in range(blocks))

"""The settings for security: one row, whose defaults stand in the schema."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass

from .connection import database


@dataclass(frozen=True)
class Security:
    password_length: int  # at least so many characters in a new password
    login_notice: str  # shown above Manage's log-in form
    audit_days: int  # how long Manage's record is kept


def security_settings() -> Security:
    with database() as db:
        return Security(**db.execute("SELECT password_length, login_notice, audit_days FROM security").fetchone())


def save_security(db: sqlite3.Connection, chosen: Security) -> None:
    db.execute(
        "UPDATE security SET password_length = :password_length, login_notice = :login_notice,"
        " audit_days = :audit_days",
        asdict(chosen),
    )

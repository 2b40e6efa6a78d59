"""The people of the two demo portals: one small SQLite database that Produce and Manage share.

Its path comes from PORTAL_DB (default: portal.db). An app calls `prepare()` when it starts;
whoever comes first creates and seeds the file, everybody later keeps what is there. Users,
passwords and roles live here and nowhere else. Only the standard library is used.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

GLOBAL_ADMINISTRATOR = "Global Administrator"
WORKFLOW_ADMINISTRATOR = "Workflow Administrator"
IMPERSONATE_USERS = "Impersonate Users"
END_USER = "End User"

#: What a runner may print. `svc-mail` is missing here: it has tokens and no password.
DEMO_PASSWORDS = {
    "admin": "Harbour-Lamp-27",
    "wendy": "Willow-Stair-58",
    "erin": "Maple-Kettle-41",
    "guest": "Open-Garden-19",
}

TOKEN_HOURS = 12

SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, user_name TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    password TEXT, disabled INTEGER NOT NULL DEFAULT 0);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE user_roles (user_id INTEGER REFERENCES users, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (user_id, role_id));
CREATE TABLE group_roles (group_id INTEGER REFERENCES groups, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (group_id, role_id));
CREATE TABLE group_members (group_id INTEGER REFERENCES groups, user_id INTEGER REFERENCES users,
    PRIMARY KEY (group_id, user_id));
CREATE TABLE api_tokens (digest TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    expires INTEGER NOT NULL);
CREATE TABLE forms (slug TEXT PRIMARY KEY, title TEXT NOT NULL, about TEXT NOT NULL,
    offered TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE tasks (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    form TEXT NOT NULL REFERENCES forms, title TEXT NOT NULL, due TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE submissions (id INTEGER PRIMARY KEY, form TEXT NOT NULL REFERENCES forms,
    user_id INTEGER REFERENCES users, task_id INTEGER REFERENCES tasks, answers TEXT NOT NULL,
    submitted INTEGER NOT NULL, changed INTEGER NOT NULL)
"""

PEOPLE = [  # id, user name, first and last name, e-mail, phone, own roles, groups
    (1, "admin", "Ada", "Marlow", "ada.marlow@example.com", "4700", [GLOBAL_ADMINISTRATOR], []),
    (2, "wendy", "Wendy", "Okafor", "wendy.okafor@example.com", "4712", [END_USER], ["Workflow Team"]),
    (3, "erin", "Erin", "Castle", "erin.castle@example.com", "4725", [END_USER], ["Site Operations"]),
    (4, "guest", "Gus", "Visitor", "guest@example.com", "", [END_USER], []),
    (5, "svc-mail", "Mail", "Service", "svc-mail@example.com", "", [IMPERSONATE_USERS], []),
]

GROUP_ROLES = {"Site Operations": [END_USER], "Workflow Team": [WORKFLOW_ADMINISTRATOR]}

FORMS = [  # slug, title, about, offered to, fields: "name | label | kind | choices", "?" = optional
    ("leave-request", "Leave request", "Ask for days away from work.", "everybody", """
        kind | Kind of leave | choice | Annual leave, Parental leave, Study leave, Unpaid leave
        first_day | First day away | date
        last_day | Last day away | date
        note? | Note for your manager | long"""),
    ("expense-claim", "Expense claim", "Claim back what you paid for work.", "everybody", """
        spent_on | Spent on | text
        category | Category | choice | Travel, Meals, Equipment, Training, Other
        amount | Amount in euro | amount
        paid_on | Date of the receipt | date
        reason | Why it was needed | long"""),
    ("equipment-request", "Equipment request", "Order a device, a tool or a chair.", "everybody", """
        item | What you need | text
        needed_by? | Needed by | date
        reason | What it is for | long"""),
    ("site-check", "Site safety check", "Walk round the site and note what you find.", "task", """
        area | Area | choice | Workshop, Loading bay, Office, Yard
        exits | Fire exits are clear | choice | Yes, No
        findings? | What needs attention | long"""),
    ("approval", "Approval", "Read the request and decide.", "task", """
        decision | Decision | choice | Approve, Send back, Decline
        comment? | Comment | long"""),
    ("feedback", "Feedback", "Tell us what went well and what did not.", "guest", """
        name? | Your name | text
        email? | E-mail, if you would like an answer | email
        message | Your message | long"""),
]  # fmt: skip

TASKS = [  # user id, form, title, due in days
    (3, "site-check", "Weekly safety check: loading bay", 1),
    (3, "expense-claim", "Complete your claim for the first-aid course", 4),
    (3, "site-check", "Weekly safety check: workshop", -2),
    (2, "approval", "Approve leave: E. Castle, 5 days", 2),
    (2, "approval", "Approve claim: E. Castle, train tickets", 6),
    (1, "approval", "Approve order: two standing desks", 3),
    (4, "equipment-request", "Tell reception what you need for your visit", 5),
]


@dataclass(frozen=True)
class Person:
    user_id: int
    user_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    disabled: bool

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.user_name


class NameTaken(ValueError):
    """Another user has this user name."""


@contextmanager
def database(*, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection; with `write=True` one transaction, undone if the block raises."""
    db = sqlite3.connect(os.environ.get("PORTAL_DB", "portal.db"), timeout=10, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA foreign_keys = ON")
        if write:
            db.execute("BEGIN IMMEDIATE")
        yield db
        if write:
            db.execute("COMMIT")
    finally:
        db.close()


def prepare() -> None:
    """Create and seed the database unless it is there. Safe when both apps start at once."""
    Path(os.environ.get("PORTAL_DB", "portal.db")).parent.mkdir(parents=True, exist_ok=True)
    with database(write=True) as db:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            _seed(db)
            db.execute("PRAGMA user_version = 1")


def _seed(db: sqlite3.Connection) -> None:
    roles = (GLOBAL_ADMINISTRATOR, WORKFLOW_ADMINISTRATOR, END_USER, IMPERSONATE_USERS)
    db.executemany("INSERT INTO roles (name) VALUES (?)", [(name,) for name in roles])
    for group, names in GROUP_ROLES.items():
        db.execute("INSERT INTO groups (name) VALUES (?)", (group,))
        db.executemany(
            "INSERT INTO group_roles SELECT g.id, r.id FROM groups g, roles r WHERE g.name = ? AND r.name = ?",
            [(group, name) for name in names],
        )
    for user_id, user_name, first, last, email, phone, own_roles, own_groups in PEOPLE:
        password = DEMO_PASSWORDS.get(user_name)
        db.execute(
            "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            (user_id, user_name, first, last, email, phone, password and _hash(password)),
        )
        _put_into(db, user_id, own_roles, own_groups)
    db.executemany("INSERT INTO forms VALUES (?, ?, ?, ?, ?)", FORMS)
    for user_id, form, title, days in TASKS:
        due = date.today() + timedelta(days=days)
        db.execute(
            "INSERT INTO tasks (user_id, form, title, due) VALUES (?, ?, ?, ?)",
            (user_id, form, title, due.isoformat()),
        )


# Passwords


def _hash(password: str, salt: str | None = None) -> str:
    salt = salt or secrets.token_hex(16)
    digest = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1)
    return f"{salt}:{digest.hex()}"


_NOBODY = _hash(secrets.token_hex(16))


def check_password(user_name: str, password: str) -> Person | None:
    """Whose user name and password these are; None also for a disabled user."""
    with database() as db:
        row = db.execute("SELECT * FROM users WHERE user_name = ?", (user_name,)).fetchone()
    stored = (row and row["password"]) or _NOBODY  # an unknown name takes as long as a wrong password
    right = hmac.compare_digest(_hash(password, stored.partition(":")[0]), stored)
    return _person(row) if row and right and not row["disabled"] else None


def change_password(user_id: int, new_password: str) -> None:
    """Set a new password; API tokens got with the old one end."""
    with database(write=True) as db:
        db.execute("UPDATE users SET password = ? WHERE id = ?", (_hash(new_password), user_id))
        db.execute("DELETE FROM api_tokens WHERE user_id = ?", (user_id,))


# People, roles and groups


def _person(row: sqlite3.Row) -> Person:
    return Person(
        user_id=row["id"],
        user_name=row["user_name"],
        first_name=row["first_name"],
        last_name=row["last_name"],
        email=row["email"],
        phone=row["phone"],
        disabled=bool(row["disabled"]),
    )


def person(user_id: int) -> Person | None:
    with database() as db:
        row = db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()
    return _person(row) if row else None


def everybody() -> list[Person]:
    with database() as db:
        return [_person(row) for row in db.execute("SELECT * FROM users ORDER BY user_name")]


def _names(query: str, *values: int) -> list[str]:
    with database() as db:
        return [row["name"] for row in db.execute(f"{query} ORDER BY name", values)]


def all_roles() -> list[str]:
    return _names("SELECT name FROM roles")


def all_groups() -> list[str]:
    return _names("SELECT name FROM groups")


def own_roles_of(user_id: int) -> list[str]:
    """The roles given to the user directly."""
    return _names("SELECT name FROM roles JOIN user_roles ON role_id = id WHERE user_id = ?", user_id)


def groups_of(user_id: int) -> list[str]:
    return _names("SELECT name FROM groups JOIN group_members ON group_id = id WHERE user_id = ?", user_id)


def roles_of(user_id: int) -> list[str]:
    """The user's roles, direct and through groups."""
    return _names(
        "SELECT name FROM roles WHERE id IN (SELECT role_id FROM user_roles WHERE user_id = ?"
        " UNION SELECT role_id FROM group_roles JOIN group_members USING (group_id) WHERE user_id = ?)",
        user_id,
        user_id,
    )


def save_profile(user_id: int, *, first_name: str, last_name: str, email: str, phone: str) -> None:
    with database(write=True) as db:
        db.execute(
            "UPDATE users SET first_name = ?, last_name = ?, email = ?, phone = ? WHERE id = ?",
            (first_name, last_name, email, phone, user_id),
        )


def save_user(
    user_id: int,
    *,
    user_name: str,
    first_name: str,
    last_name: str,
    email: str,
    disabled: bool,
    roles: Iterable[str],
    groups: Iterable[str],
) -> None:
    """What an administrator may change. Raises NameTaken."""
    with database(write=True) as db:
        try:
            db.execute(
                "UPDATE users SET user_name = ?, first_name = ?, last_name = ?, email = ?, disabled = ? WHERE id = ?",
                (user_name, first_name, last_name, email, disabled, user_id),
            )
        except sqlite3.IntegrityError:
            raise NameTaken(user_name) from None
        _put_into(db, user_id, roles, groups)


def _put_into(db: sqlite3.Connection, user_id: int, roles: Iterable[str], groups: Iterable[str]) -> None:
    db.execute("DELETE FROM user_roles WHERE user_id = ?", (user_id,))
    db.execute("DELETE FROM group_members WHERE user_id = ?", (user_id,))
    for name in roles:
        db.execute("INSERT INTO user_roles SELECT ?, id FROM roles WHERE name = ?", (user_id, name))
    for name in groups:
        db.execute("INSERT INTO group_members SELECT id, ? FROM groups WHERE name = ?", (user_id, name))


# API tokens: shown once, kept as a digest


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
    return _person(row) if row else None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

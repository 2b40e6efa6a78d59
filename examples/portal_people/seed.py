"""Who and what is there at the first start."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from .connection import database, path
from .passwords import hash_password
from .people import put_into
from .permissions import APPROVE_REQUESTS, ENTER_MANAGE, IMPERSONATE, PERMISSIONS, SEE_AUDIT
from .roles import END_USER, GLOBAL_ADMINISTRATOR, IMPERSONATE_USERS, WORKFLOW_ADMINISTRATOR
from .schema import FIRST, SECOND

#: What a runner may print. `svc-mail` is missing here: it has tokens and no password.
DEMO_PASSWORDS = {
    "admin": "Harbour-Lamp-27",
    "wendy": "Willow-Stair-58",
    "erin": "Maple-Kettle-41",
    "guest": "Open-Garden-19",
}

PEOPLE = [  # id, user name, first and last name, e-mail, phone, own roles, groups
    (1, "admin", "Ada", "Marlow", "ada.marlow@example.com", "4700", [GLOBAL_ADMINISTRATOR], []),
    (2, "wendy", "Wendy", "Okafor", "wendy.okafor@example.com", "4712", [END_USER], ["Workflow Team"]),
    (3, "erin", "Erin", "Castle", "erin.castle@example.com", "4725", [END_USER], ["Site Operations"]),
    (4, "guest", "Gus", "Visitor", "guest@example.com", "", [END_USER], []),
    (5, "svc-mail", "Mail", "Service", "svc-mail@example.com", "", [IMPERSONATE_USERS], []),
]

ROLES = {  # with their permissions
    GLOBAL_ADMINISTRATOR: list(PERMISSIONS),
    WORKFLOW_ADMINISTRATOR: [ENTER_MANAGE, APPROVE_REQUESTS, SEE_AUDIT],
    END_USER: [],
    IMPERSONATE_USERS: [IMPERSONATE],
}

GROUP_ROLES = {"Site Operations": [END_USER], "Workflow Team": [WORKFLOW_ADMINISTRATOR]}
GROUP_EMAILS = {"Site Operations": "site@example.com", "Workflow Team": "workflow@example.com"}

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


def prepare() -> None:
    """Create and seed the database, or bring one of before up to date. Safe when both apps start at once."""
    path().parent.mkdir(parents=True, exist_ok=True)
    with database(write=True) as db:
        steps_done = db.execute("PRAGMA user_version").fetchone()[0]
        if steps_done < 1:
            _run(db, FIRST)
            _seed(db)
        if steps_done < 2:
            _run(db, SECOND)
            _seed_permissions(db)
            db.execute("PRAGMA user_version = 2")


def _run(db: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";"):  # executescript would end the transaction
        db.execute(statement)


def _seed(db: sqlite3.Connection) -> None:
    db.executemany("INSERT INTO roles (name) VALUES (?)", [(name,) for name in ROLES])
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
            (user_id, user_name, first, last, email, phone, password and hash_password(password)),
        )
        put_into(db, user_id, own_roles, own_groups)
    db.executemany("INSERT INTO forms VALUES (?, ?, ?, ?, ?)", FORMS)
    for user_id, form, title, days in TASKS:
        due = date.today() + timedelta(days=days)
        db.execute(
            "INSERT INTO tasks (user_id, form, title, due) VALUES (?, ?, ?, ?)",
            (user_id, form, title, due.isoformat()),
        )


def _seed_permissions(db: sqlite3.Connection) -> None:
    for role, permissions in ROLES.items():
        db.execute("UPDATE roles SET built_in = 1 WHERE name = ?", (role,))
        db.executemany(
            "INSERT INTO role_permissions SELECT id, ? FROM roles WHERE name = ?",
            [(permission, role) for permission in permissions],
        )
    for group, email in GROUP_EMAILS.items():
        db.execute("UPDATE groups SET email = ? WHERE name = ?", (email, group))

"""A realm with administrators: ``ada`` and ``bob`` at the office, and people whom they look after.

``staff`` settings name the functions of this module as the directory: tests fill ``people`` and ``members``.
"""

from __future__ import annotations

from typing import Any

from support.exchange import Reply
from support.stage import Open, Stage
from support.visitor import Visitor, forms_of
from twofa_middleware.accounts.administer import Overview, look_at
from twofa_middleware.keys_and_store import sealer_of
from twofa_middleware.protocol import Person

ROLES: dict[str, Any] = {
    "use": "static",
    "users": {"ada": ["Boss"], "bob": ["Boss"], "erin": ["Kitchen"], "wendy": ["Chef"]},
    "groups": {"Kitchen": ["Chef"]},
}
SETTINGS: dict[str, Any] = {"roles": ROLES, "admin": {"roles": ["Boss"]}, "office": {"admin": True}}
STAFF = {"use": "callable"} | {
    name: f"support.administration:{name}_of_staff" for name in ("find", "person", "roles", "members")
}
ADMIN = "/2fa/admin"
PAGES = [
    ADMIN,
    f"{ADMIN}/users",
    f"{ADMIN}/user?id=erin",
    f"{ADMIN}/roles",
    f"{ADMIN}/role?name=Chef",
    f"{ADMIN}/events",
]

people: dict[str, dict[str, str]] = {}
members: dict[str, list[dict[str, Any]]] = {}
broken: set[str] = set()


def opened(open_stage: Open, **changes: Any) -> Stage:
    """The realm with its administrators; ``admin`` and ``office`` are merged into what they are."""
    for table in (people, members, broken):
        table.clear()
    admin, office = changes.pop("admin", {}), changes.pop("office", {})
    merged = {"admin": SETTINGS["admin"] | admin, "office": SETTINGS["office"] | office}
    return open_stage(**(SETTINGS | merged | changes))


def administrator(stage: Stage, user: str = "ada") -> Visitor:
    """An administrator at the office, who has just shown a factor."""
    return stage.enrolled(user, app="office")


def overview(stage: Stage, user: str = "erin") -> Overview:
    """What the store knows of somebody."""
    return stage.administer(lambda desk: look_at(desk, Person(user), stage.clock.now))


def is_on(stage: Stage, user: str = "erin") -> bool:
    return overview(stage, user).is_on


def form_for(page: Reply, **fields: str) -> tuple[str, dict[str, str]]:
    """Address and hidden fields of the form of a page that has these."""
    for form in forms_of(page.text):
        if all(form.hidden.get(name) == value for name, value in fields.items()):
            return form.action, form.hidden
    raise AssertionError(f"no form with {fields}")


def at_user(visitor: Visitor, user: str = "erin") -> Reply:
    return visitor.go(f"{ADMIN}/user?id={user}")


def switch_off(visitor: Visitor, user: str = "erin", reason: str = "lost phone") -> Reply:
    return visitor.fill(at_user(visitor, user), f"/user?id={user}", act="off", reason=reason)


def acts(page: Reply) -> set[str]:
    """What the forms of the page about one user can do."""
    return {form.hidden["act"] for form in forms_of(page.text) if "act" in form.hidden}


def stop(stage: Stage, user: str = "erin") -> None:
    """So many wrong codes that none is looked at any more."""
    with stage.database() as db:
        key = sealer_of(stage.realm.settings).user_key(user)
        db.executemany("INSERT INTO tries (user, kind, at) VALUES (?, 'totp', ?)", [(key, stage.clock.now)] * 50)


# ---- the directory --------------------------------------------------------------------------------------------------


def _works(what: str) -> None:
    if what in broken:
        raise ConnectionError("the directory is down")


def find_of_staff(pattern: str, offset: int, limit: int) -> list[dict[str, str]]:
    _works("find")
    found = [one for one in people.values() if one["label"].startswith(pattern.rstrip("%"))]
    return found[offset : offset + limit]


def person_of_staff(user: str) -> dict[str, str] | None:
    _works("person")
    return people.get(user)


def roles_of_staff() -> list[str]:
    _works("roles")
    return list(members)


def members_of_staff(role: str) -> list[dict[str, Any]]:
    _works("members")
    return members.get(role, [])


def hire(user: str, label: str = "", name: str = "", email: str = "", **roles: Any) -> None:
    """Put somebody into the directory; ``roles``: role → the groups by which, none for directly."""
    people[user] = {"user": user, "label": label or user, "name": name, "email": email}
    for role, through in roles.items():
        members.setdefault(role, []).append(people[user] | {"through": through})

"""What the tests of both portals do again and again: log in, find a form's token, look at an app's folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from starlette.testclient import TestClient
from werkzeug.test import Client

import portal_people
from portal_people import DEMO_PASSWORDS, Account, add_role, change_role, database, put_into

SECRET = "a secret for tests only"
EXAMPLES = Path(__file__).parents[2] / "examples"
THE_TOOLKITS_DOORS = {"wsgi.py", "asgi.py"}  # the only files of a demo that may know the toolkit


def csrf_in(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found, "the page has no form of its own"
    return found[1]


def enter_produce(client: Client, user_name: str) -> str:
    """Log in; returns the token that Produce's forms carry."""
    sent = {"username": user_name, "password": DEMO_PASSWORDS[user_name]}
    assert client.post("/produce/login", data=sent).status_code == 303
    return csrf_in(client.get("/produce/").text)


def enter_manage(client: TestClient, user_name: str) -> str:
    sent = {"username": user_name, "password": DEMO_PASSWORDS[user_name]}
    assert client.post("/manage/login", data=sent).status_code == 303
    return csrf_in(client.get("/manage/").text)


def enter_as_clerk(client: TestClient, *permissions: str) -> str:
    """Log in as wendy, who then has one role of her own: it lets her into Manage, and gives these permissions."""
    with database(write=True) as db:
        role_id = add_role(db, "Clerk")
        change_role(db, role_id, name="Clerk", permissions=["enter_manage", *permissions])
        put_into(db, 2, ["Clerk"], [])
    return enter_manage(client, "wendy")


def add_user(user_name: str, *, roles: Iterable[str] = (), groups: Iterable[str] = ()) -> int:
    with database(write=True) as db:
        account = Account(user_name, "", "", f"someone@{len(user_name)}.example", disabled=False)
        return portal_people.add_user(db, account, roles, groups)


def import_without_the_toolkit(module: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Import it in a new Python in which `twofa_middleware` and its adapters cannot be imported."""
    names = "twofa_middleware", "twofa_middleware_wsgi", "twofa_middleware_asgi"
    barred = "".join(f"sys.modules[{name!r}] = None; " for name in names)
    environment = os.environ | {"PORTAL_DB": str(tmp_path / "alone.db"), "PYTHONPATH": str(EXAMPLES)}
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {barred}import {module}; print('imported')"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def files_that_name_the_toolkit(folder: str) -> list[str]:
    files = [path for path in (EXAMPLES / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert files, f"{folder} holds nothing to look at"
    return [
        path.name
        for path in files
        if path.name not in THE_TOOLKITS_DOORS and re.search(rb"twofa|two.factor|2fa", path.read_bytes(), re.IGNORECASE)
    ]

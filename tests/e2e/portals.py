"""Both portals as `examples/run.py` starts them, people made for one test each, and their phones."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest

import portal_people

ROOT = Path(__file__).parents[2]
RUN = ROOT / "examples" / "run.py"
READY = "Ctrl-C ends both."
START_SECONDS = 60
STEP_SECONDS = 30


@dataclass
class Demo:
    """A run of the demo. ``produce`` and ``manage`` are origins; ``log`` holds all that it has written."""

    process: subprocess.Popen[bytes]
    var: Path
    log: Path
    produce_port: int
    manage_port: int

    @property
    def produce(self) -> str:
        return f"http://localhost:{self.produce_port}"

    @property
    def manage(self) -> str:
        return f"http://localhost:{self.manage_port}"

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while READY not in self.said:
            assert self.process.poll() is None, f"the demo has ended:\n{self.said}"
            assert time.monotonic() < until, f"the demo is not ready:\n{self.said}"
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


def launch(folder: Path, **environ: str) -> Demo:
    """Start `examples/run.py` with its files in ``folder``, on free ports."""
    produce_port, manage_port = free_ports(2)
    var, log = folder / "var", folder / f"run-{time.monotonic_ns()}.log"
    given = {"PRODUCE_PORT": str(produce_port), "MANAGE_PORT": str(manage_port), "DEMO_VAR": str(var)} | environ
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(RUN)],
            env=os.environ | given,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Demo(process, var, log, produce_port, manage_port)


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclass
class Phone:
    """An authenticator app. It gives each code once, and waits for a new one only if it has none left."""

    key: str
    _last: int = 0

    def code(self) -> str:
        while True:
            step, gone = divmod(time.time(), STEP_SECONDS)
            left = STEP_SECONDS - gone
            # A code of the step before is accepted too, but not if the step ends before the form is sent.
            wanted = max(self._last + 1, int(step) - (left > 8))
            if wanted <= step + 1:
                self._last = wanted
                return self._at(wanted)
            time.sleep(left + 0.05)

    def spent_code(self) -> str:
        return self._at(self._last)

    def wrong_code(self) -> str:
        """A code of no step around now."""
        step = int(time.time()) // STEP_SECONDS
        right = {self._at(near) for near in range(step - 25, step + 25)}
        return next(code for code in map("{:06d}".format, itertools.count()) if code not in right)

    def _at(self, step: int) -> str:
        return pyotp.TOTP(self.key.replace(" ", "")).generate_otp(step)


@dataclass
class Person:
    user_id: int
    name: str
    password: str
    phone: Phone | None = None
    codes: list[str] = field(default_factory=list)

    def code(self) -> str:
        assert self.phone is not None, f"{self.name} has set nothing up"
        return self.phone.code()


_numbers = itertools.count(1)


def new_person(demo: Demo, *roles: str) -> Person:
    """Somebody nobody else knows, so that no test finds what another has done. No role: an end user."""
    number = next(_numbers)
    user_id, name, password = 100 + number, f"erin-{number}", f"Maple-Kettle-{number}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DB", str(demo.var / "portal.db"))
        with portal_people.database(write=True) as db:
            row = (user_id, name, "Erin", f"Castle {number}", f"{name}@example.com")
            db.execute(
                "INSERT INTO users (id, user_name, first_name, last_name, email, phone) VALUES (?, ?, ?, ?, ?, '')", row
            )
        portal_people.change_password(user_id, password)
        save_roles(user_id, roles or (portal_people.END_USER,))
    return Person(user_id, name, password)


def put_into(demo: Demo, person: Person, group: str) -> None:
    """Make somebody a member of a group, as Manage would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DB", str(demo.var / "portal.db"))
        with portal_people.database(write=True) as db:
            db.execute("INSERT INTO group_members SELECT id, ? FROM groups WHERE name = ?", (person.user_id, group))


def new_role(demo: Demo) -> portal_people.Role:
    """A role that nobody has yet, and that may do nothing."""
    name = f"Reviewer {next(_numbers)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DB", str(demo.var / "portal.db"))
        with portal_people.database(write=True) as db:
            row = db.execute("INSERT INTO roles (name) VALUES (?) RETURNING id", (name,)).fetchone()
        found = portal_people.role(row["id"])
    assert found is not None
    return found


def save_roles(user_id: int, roles: Iterable[str]) -> None:
    person = portal_people.person(user_id)
    assert person is not None
    portal_people.save_user(
        user_id,
        user_name=person.user_name,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        disabled=False,
        roles=roles,
        groups=(),
    )


def plain(text: str) -> str:
    """Text as people read it: one space where there are many."""
    return re.sub(r"\s+", " ", text).strip()

"""The Cookie header, with the password alone."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import cookie_parser
from werkzeug.http import parse_cookie

from support.realm import APP_SECRET, SALT, session_cookie
from support.visitor import NAVIGATION

from .world import InWorld, World

ODD = (b"\xa0", b"\x85", b"\x0b", b"\xe2\x80\x83", b'"', b"\\", b"\\075", b",", b";", b"; ", b"=", b" ", b"\0", b"\r\n")


def users_in(line: str) -> set[str]:
    """Everybody whom an app could find in a Cookie header, by the parsers that apps use."""
    serializer, users = URLSafeTimedSerializer(APP_SECRET, salt=SALT), set[str]()
    values = [cookie_parser(line).get("session", "")]
    with suppress(UnicodeError):
        values += parse_cookie(line).getlist("session")
    with suppress(CookieError, KeyError):
        values.append(SimpleCookie(line)["session"].value)
    for value in filter(None, values):
        try:
            users.add(serializer.loads(value)["user"])
        except (BadData, KeyError, TypeError, UnicodeError):
            continue
    return users


class Cookies(InWorld):
    """The bytes of the Cookie header. Attacks 26, 35, 80, 84, 91 to 93."""

    name = "cookies"

    def __init__(self, folder: Path, adapter: str) -> None:
        self.world = world = World(folder, adapter)
        thief, erin, mallory = world.thief.cookies["session"], world.erin.cookies, world.mallory.cookies
        self._wendy = session_cookie("wendy", at=world.now)
        given = {
            "session": thief,
            "2fa-pass-test-shop": erin["2fa-pass-test-shop"],
            **{name: value for name, value in mallory.items() if name != "session"},
            "__Host-2fa-pass-test-shop": erin["2fa-pass-test-shop"],
            "office_session": session_cookie("mallory", "login-5", at=world.now),
        }
        self._pairs = [f"{name}={value}".encode() for name, value in given.items()]
        wendy = f"session={self._wendy}".encode()
        names = [name.encode() for name in given]
        self.words = (*ODD, *self._pairs, wendy, *names, *(b"; " + pair for pair in self._pairs), b"$Version=1; ")

    def seeds(self) -> Sequence[bytes]:
        whole = b"; ".join(self._pairs)
        return [b"", self._pairs[0], whole, whole + b"; " + self._pairs[0], b'session="' + self._pairs[0][8:] + b'"']

    def __call__(self, data: bytes) -> Hashable:
        world, line = self.world, data.decode("latin-1")
        reply = world.stage.exchange().request("GET", "/home", [*NAVIGATION, ("Cookie", line)])
        calls, world.spy.calls[:] = list(world.spy.calls), []
        given = [value for value in reply.all("set-cookie") if "Max-Age=0" not in value]
        if given:  # wendy needs nothing, and has a pass that says so
            assert users_in(line) == {"wendy"}, f"a cookie was given: {given}"
            world.rewind()
        seen = world.refused(reply, gives=bool(given))
        for call in calls:
            got = call.headers.get("cookie", "")
            assert users_in(got) <= {"wendy"}, f"the app finds {users_in(got)} in {got!r}"
            ours = [part for part in got.split(";") if part.strip(" \t").startswith(("2fa-", "__Host-2fa-"))]
            assert not any("=" in part for part in ours), f"the app sees ours: {ours}"
        got = [part.partition("=")[0].strip() for call in calls for part in call.headers.get("cookie", "").split(";")]
        return (*seen, len(calls), frozenset(got) & {"session", "office_session", ""})

    def settle(self) -> None:
        assert self.world.count("passes") < 30

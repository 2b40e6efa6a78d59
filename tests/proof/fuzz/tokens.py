"""Cookies and form tokens of ours that are nearly right: one that is not the very one is none."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

from support.exchange import encoded
from support.realm import session_cookie
from support.visitor import FORM_TYPE, NAVIGATION, forms_of

from .world import InWorld, World

KINDS = ("pass", "browser", "flow", "token", "recovery")


class Tokens(InWorld):
    """An input's first byte is the kind, the rest the value. The thief of the password sends it with all else that is right:
    the very log-in of a pass or a browser; the right code with a flow cookie or a form token. Attacks 30, 35, 71, 73, 78, 81,
    83, 84, 95, 116."""

    name = "tokens"

    def __init__(self, folder: Path, adapter: str) -> None:
        self.world = world = World(folder, adapter)
        owner = world.stage.visitor("erin", "login-6", key=world.erin.key)
        owner.verify(remember="1")
        world.stage.clock.on(30)
        world.now = world.stage.clock.now
        self._form = world.thief.filled()
        self._session = {
            "pass": session_cookie("erin", "login-1", at=world.now),
            "browser": session_cookie("erin", "login-4", at=world.now),
        }
        self.real = {
            "pass": world.erin.cookie("pass"),
            "browser": owner.cookie("browser"),
            "flow": world.thief.cookie("flow"),
            "token": self._form["token"],
            "recovery": world.erin.codes[0],
        }
        self._names = {word: name for name in owner.cookies for word in ("browser",) if word in name}
        self._names |= {word: f"2fa-{word}-test-shop" for word in ("pass", "flow")}
        drawn = [
            form.hidden["token"] for form in forms_of(world.thief.go("/2fa/verify").text) if "token" in form.hidden
        ]
        assert len(set(drawn)) == len(drawn), "a token for one purpose is one for another"
        others = [
            *(
                owner.cookie("pass"),
                owner.cookie("flow"),
                world.mallory.cookie("pass"),
                world.mallory.cookie("browser"),
            ),
            *(world.mallory.go("/2fa/disable").text.split('name="token" value="')[1].split('"')[0],),
            *self.real.values(),
            *drawn,
        ]
        self.words = (
            *(value.encode() for value in others),
            b".",
            b"-",
            b"_",
            b"=",
            b'"',
            b"%",
            b"A",
            b"0x",
            b"+",
            b" ",
        )
        self._others = [value.encode() for value in others]
        world.spy.calls.clear()
        world.keep()

    def seeds(self) -> Sequence[bytes]:
        return [bytes([kind]) + value for kind in range(len(KINDS)) for value in self._others]

    def __call__(self, data: bytes) -> Hashable:
        kind, value = KINDS[(data or b"\0")[0] % len(KINDS)], data[1:].decode("latin-1")
        if self.is_real(kind, value):
            return kind
        reply = self.sent(kind, value)
        seen = self.world.refused(reply)
        self.world.forgive()
        return (kind, *seen)

    def is_real(self, kind: str, value: str) -> bool:
        """Whether it is the very one, as a browser's spelling of the same has it."""
        meant = value.split(";")[0].strip(" \t") if kind in self._names else value
        if kind == "recovery":
            letters = "".join(value.split()).replace("-", "").lower()
            return letters in {code.replace("-", "") for code in self.world.erin.codes}
        return meant == self.real[kind]

    def sent(self, kind: str, value: str) -> object:
        """What is answered to it."""
        exchange = self.world.stage.exchange()
        if kind in ("pass", "browser"):
            cookie = f"session={self._session[kind]}; {self._names[kind]}={value}"
            return exchange.request("GET", "/home", [*NAVIGATION, ("Cookie", cookie)])
        cookies = self.world.thief.cookies | ({self._names["flow"]: value} if kind == "flow" else {})
        form = self._form | ({"token": value} if kind == "token" else {})
        if kind == "recovery":
            form = {name: text for name, text in form.items() if name != "code"} | {"recovery": value}
        line = "; ".join(f"{name}={text}" for name, text in cookies.items())
        return exchange.request("POST", "/2fa/verify", [*NAVIGATION, FORM_TYPE, ("Cookie", line)], encoded(form))

    def settle(self) -> None:
        assert self.world.count("passes") < 30
        assert self.world.count("codes") == 20, "a recovery code was spent"

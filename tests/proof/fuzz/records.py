"""Somebody writes to the store and has no key: what he has written over opens nothing, and breaks nothing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import ClassVar

from support.visitor import Visitor
from twofa_middleware.browser.cookies import digest
from twofa_middleware.sealing import TAG_BYTES

from .stored import Cell, Value
from .world import InWorld, World

DAY = 86400
ENTERED = 200
SEEN_BY_ADMINS = ("user?id=erin", "users", "events", "roles", "role?name=Chef")


def as_bytes(value: Value) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(8, signed=True)
    return value.encode("latin-1") if isinstance(value, str) else value


class Records(InWorld):
    """An input's first two bytes say which cell of the store, the rest what is written there. Then come a thief of erin's
    password, erin with her pass, erin with a browser that is remembered, wendy who has to set up, walter who is about to, and
    an administrator. 503 is the answer to what cannot be read. Attacks 21, 31, 84, 85, 86, 114, 116, 117."""

    name = "records"
    on_redis: ClassVar[bool] = False
    words: Sequence[bytes] = ()

    def __init__(self, folder: Path, adapter: str) -> None:
        roles = {"use": "static", "users": {"mallory": ["Boss"], "wendy": ["Chef"]}}
        self.world = world = World(
            folder,
            adapter,
            on_redis=self.on_redis,
            roles=roles,
            admin={"roles": ["Boss"]},
            shop={"admin": True, "strict": ["ANY /**"]},
        )
        self._remembered = world.stage.visitor("erin", "login-6", key=world.erin.key)
        assert self._remembered.verify(remember="1").status == 303
        self._remembered.log_in("erin", "login-4")
        self._remembered.cookies.pop("2fa-pass-test-shop")
        world.stage.enforce("Chef")
        self._wendy, self._walter = world.stage.visitor("wendy"), world.stage.visitor("walter")
        self._walter.go("/2fa/setup")
        self._form = world.thief.filled() | {"code": world.erin.wrong_code()}
        self._new = b""
        world.spy.calls.clear()
        world.keep()
        self._cells = world.stored.cells()
        values = sorted({as_bytes(value) for _, value in self._cells})
        self.words = (
            *(value for value in values if len(value) < 200),
            b"\0",
            b"\xff" * 8,
            b"\x7f" + b"\xff" * 7,
            b"-1",
            b"1e9",
        )
        self._pass = self._record_of(world.erin.cookie("pass").partition(".")[2], "p")
        self._browser = self._record_of(self._remembered.cookie("browser"), "b")

    def _record_of(self, token: str, letter: str) -> Cell:
        """The cell of the record by which erin comes in with this cookie; ``letter``: what it begins with in Redis."""
        found = digest(token.encode())
        rows = {cell[:2] for cell, value in self._cells if cell[-1] == "digest" and value == found}
        places = {(*row, "record") for row in rows}
        field = letter + found.decode("latin-1")
        (cell,) = (cell for cell, _ in self._cells if cell in places or (cell[0], cell[-1]) == ("rows", field))
        return cell

    def seeds(self) -> Sequence[bytes]:
        """Each cell with another value of its kind, cut, and made longer; what counts with another end."""
        found = []
        for number, (cell, value) in enumerate(self._cells):
            where, own = number.to_bytes(2), as_bytes(value)
            others = {as_bytes(v) for other, v in self._cells if other[0] == cell[0] and other[2] == cell[2]} - {own}
            if isinstance(value, int):
                news = [b"\x7f" + b"\xff" * 7, as_bytes(value + 100 * DAY), bytes(8)]
            else:
                news = [*sorted(others)[:1], own[:-1], own + b"\0", own[:-1] + bytes([own[-1] ^ 1]) if own else b"x"]
            found += [where + new for new in news]
        return found

    def __call__(self, data: bytes) -> Hashable:
        world = self.world
        number = int.from_bytes(data[:2].ljust(2, b"\0")) % len(self._cells)
        (cell, old), new = self._cells[number], data[2:]
        self._new = new
        if new == as_bytes(old) or not world.stored.write(cell, new):
            return "as it was"
        try:
            return (cell[0], cell[-1] if len(cell[-1]) < 12 else "", *self._come(cell, new[-1] if new else 0))
        finally:
            world.spy.calls.clear()
            world.rewind()

    def _come(self, cell: Cell, chosen: int) -> tuple[Hashable, ...]:
        """The thief always; of the others those whom the cell is about, and one more."""
        world, kind = self.world, cell[0]
        seen: list[Hashable] = [self._status(world.thief, "/home")]
        assert world.spy.calls == [], f"the thief is in, by {cell}"
        others = {
            self._thief_sends_a_code: ("accounts", "account", "authenticators", "tries", "waits", "codes", "seen"),
            self._thief_sets_up: ("accounts", "account", "authenticators", "setups", "pending"),
            self._wendy_comes: ("roles",),
            self._erin_comes: ("passes", "rows", "accounts", "account"),
            self._erin_is_remembered: ("browsers", "rows"),
            self._walter_sets_up: ("setups", "pending"),
            self._administrator_looks: ("people", "log", "events", "long", "roles"),
        }
        for number, (comes, about) in enumerate(others.items()):
            if kind in about or chosen % len(others) == number:
                seen.append((comes.__name__, comes(cell)))
        return tuple(seen)

    def _thief_sends_a_code(self, cell: Cell) -> Hashable:
        sent = self.world.thief.post("/2fa/verify", self._form)
        return self.world.refused(sent, may_be_503=True)[0]

    def _thief_sets_up(self, cell: Cell) -> Hashable:
        status = self._status(self.world.thief, "/2fa/setup")
        assert self.world.thief.key == self.world.erin.key, f"the thief sees a new key, by {cell}"
        return status

    def _wendy_comes(self, cell: Cell) -> Hashable:
        status = self._status(self._wendy, "/home")
        # A flag that somebody takes away is not there: SECURITY.md says so.
        assert status != ENTERED or (cell[0] == "roles" and cell[-1] != "record"), f"wendy is in, by {cell}"
        return status

    def _erin_comes(self, cell: Cell) -> Hashable:
        world, now = self.world, self._status(self.world.erin, "/home")
        kept = dict(world.erin.cookies)
        world.stage.clock.now = world.now + DAY
        world.erin.log_in("erin", "login-1")
        later = self._status(world.erin, "/home")
        world.erin.cookies, world.stage.clock.now = kept, world.now
        assert later != ENTERED, f"a pass goes on, by {cell}"
        assert now != ENTERED or not self._is_other(cell, self._pass), f"another record is the same pass, by {cell}"
        return now

    def _erin_is_remembered(self, cell: Cell) -> Hashable:
        status = self._status(self._remembered, "/home")
        assert status != ENTERED or not self._is_other(cell, self._browser), (
            f"another record is the same browser, by {cell}"
        )
        return status

    def _is_other(self, cell: Cell, own: Cell) -> bool:
        """Whether the record by which erin comes in is another one now; its MAC is its end, in whatever it is packed."""
        return cell == own and self._new[-TAG_BYTES:] != as_bytes(dict(self._cells)[cell])[-TAG_BYTES:]

    def _walter_sets_up(self, cell: Cell) -> Hashable:
        return self._status(self._walter, "/2fa/setup")

    def _administrator_looks(self, cell: Cell) -> Hashable:
        return tuple(self._status(self.world.mallory, f"/2fa/admin/{page}") for page in SEEN_BY_ADMINS)

    def _status(self, visitor: Visitor, target: str) -> int:
        before = dict(visitor.cookies)
        status = visitor.go(target).status
        visitor.cookies = before
        assert status < 500 or status == 503, f"status {status} at {target}"
        return status

    def settle(self) -> None:
        world = self.world
        assert world.erin.go("/home").status == ENTERED, "erin is out"
        assert world.thief.go("/home").status == 303
        world.spy.calls.clear()
        world.rewind()


class RecordsInRedis(Records):
    """The same in a Redis, whose fields are a part of what is written over."""

    name = "redis-records"
    on_redis = True

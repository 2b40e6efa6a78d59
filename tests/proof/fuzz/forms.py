"""The bodies of own forms, with the password alone and the right tokens."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from pathlib import Path

from support.exchange import Pairs, encoded
from support.visitor import NAVIGATION, forms_of

from .world import InWorld, World

ROUTES = ("verify", "setup", "later", "logout", "account", "disable", "codes", "browsers", "admin/user", "admin/role")
TYPES = (
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-8",
    "text/plain",
)


class Forms(InWorld):
    """The bodies of own forms. Attacks 18, 29, 30, 33, 42, 43, 45, 59, 64, 69 to 71, 73, 82, 102 to 104.

    An input's first byte is the route, its second the content type, its third who sends it; the rest is the body. Erin's
    thief has the right tokens of his own pages, and those of erin's; he has no code. Nor has wendy, who sets up.
    """

    name = "forms"

    def __init__(self, folder: Path, adapter: str) -> None:
        roles = {"use": "static", "users": {"mallory": ["Boss"], "erin": ["Chef"]}}
        self.world = world = World(folder, adapter, roles=roles, admin={"roles": ["Boss"]}, shop={"admin": True})
        self._wendy = world.stage.visitor("wendy")
        self._senders = (world.thief, self._wendy)
        wrong = world.erin.wrong_code()
        self._forms: list[tuple[int, int, dict[str, str]]] = []
        for sender, visitor in enumerate((world.thief, self._wendy, world.erin)):
            for route, name in enumerate(ROUTES):
                page = visitor.go(f"/2fa/{name}?id=erin&name=Chef")
                for form in forms_of(page.text) if page.status == 200 and b"<form" in page.body else ():
                    asked = next(
                        (n for n in range(len(ROUTES)) if form.action.split("?")[0].endswith(ROUTES[n])), route
                    )
                    typed = {field: wrong if field == "code" else "1" for field in form.names - form.hidden.keys()}
                    self._forms.append((asked, sender % 2, form.hidden | typed))
        fields = {(name, value) for _, _, form in self._forms for name, value in form.items()}
        self.words = (
            *sorted(f"{name}={value}".encode() for name, value in fields),
            *sorted({b"&" + name.encode() + b"=" for name, _ in fields}),
            *(b"code=", b"recovery=", b"user=", b"&code[]=", b"remember=1", b"next=//evil", b"000000", b"%00", b"%ff"),
            *(
                b"+",
                b"%EF%BC%91",
                b"%D9%A1",
                b'{"code": ',
                b"[[[[[[[[",
                b"--x\r\n",
                b'Content-Disposition: form-data; name="',
            ),
        )
        world.spy.calls.clear()

    def seeds(self) -> Sequence[bytes]:
        found = []
        for route, sender, fields in self._forms:
            parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
            bodies = (encoded(fields), json.dumps(fields).encode(), ("".join(parts) + "--x--").encode())
            found += [bytes([route, kind, sender]) + body for kind, body in enumerate(bodies)]
        return found + [bytes([route, 0, 0]) for route in range(len(ROUTES))]

    def __call__(self, data: bytes) -> Hashable:
        world = self.world
        route, kind, sender, body = *(data + bytes(3))[:3], data[3:]
        if world.is_lucky(body, of=self._wendy):
            return "lucky"
        visitor = self._senders[sender % 2]
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        headers: Pairs = [*NAVIGATION, ("Content-Type", TYPES[kind % len(TYPES)]), ("Cookie", cookie)]
        path = f"/2fa/{ROUTES[route % len(ROUTES)]}"
        reply = world.stage.exchange().request("POST", path, headers, body)
        assert len(reply.body) < 100_000, "a page of such a size"
        world.forgive()
        return (*world.refused(reply), path)

    def settle(self) -> None:
        world = self.world
        reply = world.thief.go("/home")
        assert (world.spy.calls, reply.status) == ([], 303), "the thief is in"
        assert world.erin.go("/home").status == 200, "erin is out"
        world.spy.calls.clear()
        assert (world.count("accounts"), world.count("browsers")) == (2, 1)
        assert world.count("setups") < 10

"""Every answer of our own, asked for once by those who get it: a long visit that writes down each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from support import portal
from support.administration import ADMIN, STAFF, at_user, form_for, hire, stop
from support.exchange import Body, Exchange, Pairs, Reply, encoded
from support.setup_codes import setup_code
from support.spy import HTML, SECRET, Call, Told
from support.stage import Stage
from support.visitor import Visitor, codes_of, forms_of

SETTINGS: dict[str, Any] = {
    "roles": portal.ROLES,
    "admin": {"roles": ["Boss"], "after_reset": "code"},
    "enforcement": {"pinned": ["Chef"]},
}
CHECKBOX = {
    "path": "/users/{user}/edit",
    "selector": "#box",
    "what": "user-checkbox",
    "target": "path:user",
    "accepted": {"location": "/users"},
}
ELSEWHERE: dict[str, Any] = {
    "roles": portal.ROLES,
    "admin": {"roles": ["Boss"], "first_setup": "code"},
    "directory": STAFF,
}
BOSS, CHEF = "Boss", "Chef"


@dataclass
class Noted:
    """An answer of ours, and what it answers."""

    what: str
    method: str
    reply: Reply
    root: str = ""
    app_was_called: bool = False


@dataclass
class Noting:
    """An exchange that writes down what does not come from the app. ``here`` is the root of the last request."""

    exchange: Exchange
    calls: list[Call]
    noted: list[Noted] = field(default_factory=list)
    name: str = "noting"

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Body = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        before = len(self.calls)
        reply = self.exchange.request(method, target, headers, body, root=root, server=server)
        was_called = len(self.calls) > before
        if not was_called or reply.header(SECRET[0]) is None:
            self.noted.append(Noted(f"{method} {root}{target}", method, reply, root, was_called))
        return reply


def page(call: Call) -> Told:
    """The app marks what is its own."""
    return Told(200, [HTML, SECRET])


def form_page(call: Call) -> Told:
    return Told(
        200, [HTML, SECRET], b'<!doctype html><form method="post" action="/users/erin/edit"><i id="box"></i></form>'
    )


ROUTES = {"/users/erin/edit": form_page, "/home": page, "/": page, "/tasks": page, "/live": page}


class House:
    """The visit itself, on one stage. Whoever visits does so through ``noting``."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage = stage
        self.noting = Noting(stage.exchange(), stage.spy.calls)
        self._patch = monkeypatch
        portal.roles |= {"ada": [BOSS], "bob": [BOSS], "carl": [CHEF]}

    def visitor(self, user: str | None, login: str = "login-1", **more: Any) -> Visitor:
        visitor = Visitor(
            self.noting, self.stage.clock, origin=self.stage.realm.settings.app("shop").origins[0], **more
        )
        if user is not None:
            visitor.log_in(user, login)
        return visitor

    def enrolled(self, user: str) -> Visitor:
        visitor = self.visitor(user)
        assert visitor.set_up(reset=setup_code(self.stage.realm, user)).status == 200, user
        self.stage.clock.on(30)
        return visitor

    def again(self, visitor: Visitor, user: str, login: str = "login-2", *, app: str = "") -> Visitor:
        return self.visitor(user, login, key=visitor.key, codes=visitor.codes)

    def visit(self, parts: Iterable[Part]) -> list[Noted]:
        for part in parts:
            part(self)
        return self.noting.noted


Part: TypeAlias = Callable[[House], None]
PARTS: list[Part] = []
PARTS_ELSEWHERE: list[Part] = []


def part(done: Part) -> Part:
    PARTS.append(done)
    return done


def part_elsewhere(done: Part) -> Part:
    """In a realm with other settings: ``ELSEWHERE``."""
    PARTS_ELSEWHERE.append(done)
    return done


@part
def nobody(house: House) -> None:
    somebody = house.visitor(None)
    for path in ("/2fa/verify", "/2fa/account", "/2fa/nothing", ADMIN, "/2fa"):
        somebody.go(path)
        somebody.fetch(path)
    for name in ("pages.css", "pages.js", "admin.css"):
        somebody.go(f"/2fa/static/{name}")
        somebody.go(f"/2fa/static/{name}", "HEAD")
    for path in ("live", "ready", "other"):
        somebody.fetch(f"/2fa/health/{path}")
    somebody.fetch("/2fa/health/live", "POST")
    somebody.go("/home", headers=[("Authorization", "Basic eDp5")])
    somebody.fetch("/home", headers=[("Authorization", "Basic eDp5")])


@part
def set_up(house: House) -> None:
    carl = house.visitor("carl")
    for method in ("GET", "HEAD", "POST", "DELETE"):
        carl.go("/tasks?page=2", method)
        carl.fetch("/tasks", method)
    carl.go("/2fa/account")
    carl.fetch("/2fa/account")
    carl.fill(carl.go("/2fa/setup"), "/setup", code="000000")
    carl.fill(carl.go("/2fa/setup"), "/setup", code="12")
    carl.fill(carl.go("/2fa/setup"), "/setup", code=carl.code(300))
    carl.post("/2fa/setup", _form(carl.go("/2fa/setup"), "/setup"))
    late = carl.go("/2fa/setup")
    house.stage.clock.on(700)
    carl.fill(late, "/setup", code=carl.code())
    shown = carl.go("/2fa/setup")
    done = carl.fill(shown, "/setup", code=carl.code())
    assert len(codes_of(done.text)) == 10
    carl.fill(done, "/codes", action="download")
    carl.fill(done, "/codes", action="saved")
    carl.fill(done, "/codes", action="saved", saved="1")
    form = form_for(shown)[1]
    for path in ("verify", "disable", "codes"):
        carl.post(f"/2fa/{path}", form)
    carl.go("/2fa/setup")
    carl.fill(shown, "/setup", code=carl.code())


@part
def prompt(house: House) -> None:
    erin = house.enrolled("erin")
    thief = house.again(erin, "erin")
    for method in ("GET", "HEAD", "POST", "PUT"):
        thief.go("/tasks", method)
        thief.fetch("/tasks", method)
    thief.go("/2fa/verify?next=/tasks")
    thief.go("/2fa/verify?with=recovery")
    thief.go("/2fa/account")
    thief.go("/2fa/account", "POST")
    for page_ in ("disable", "codes"):
        thief.go(f"/2fa/{page_}")
        thief.fetch(f"/2fa/{page_}")
    thief.recover("aaaa-aaaa-aaaa-aaaa")
    spent = erin.codes.pop()
    assert thief.recover(spent).status == 303
    house.again(erin, "erin", "login-5").recover(spent)
    house.again(erin, "erin", "login-6").verify(erin.code(-30))
    thief.go("/2fa/verify?next=/tasks")
    third = house.again(erin, "erin", "login-3")
    third.verify("12345")
    third.verify(third.code(-300))
    third.verify(third.code(600))
    assert third.verify(remember="1").status == 303
    page_ = third.go("/2fa/account")
    fourth = house.again(erin, "erin", "login-4")
    fourth.cookies |= {name: value for name, value in third.cookies.items() if "2fa-browser-" in name}
    assert fourth.go("/tasks").status == 200
    used = fourth.go("/2fa/verify")
    third.post("/2fa/browsers", _form(page_, "/browsers") | {"browser": "x"})
    third.post("/2fa/browsers", _form(page_, "/browsers") | {"browser": "0" * 32})
    third.fill(page_, "/browsers", browser="all")
    fourth.post("/2fa/verify", _form(used, "/verify") | {"code": "123456"})
    wendy = house.visitor("wendy")
    wendy.go("/2fa/verify?next=/tasks")


@part
def guessing(house: House) -> None:
    walt = house.enrolled("walt")
    thief = house.again(walt, "walt")
    form = thief.filled()
    for _ in range(6):
        last = thief.post("/2fa/verify", form | {"code": walt.wrong_code()})
    assert last.status == 429
    thief.go("/2fa/verify")
    stop(house.stage, "walt")
    thief.go("/2fa/verify")
    thief.post("/2fa/verify", form)
    for _ in range(12):
        thief.recover("aaaa-aaaa-aaaa-aaaa")
    walt.go("/2fa/disable")
    una = house.visitor("una")
    form = _form(una.go("/2fa/setup"), "/setup")
    for _ in range(6):
        last = una.post("/2fa/setup", form | {"code": una.wrong_code()})
    assert last.status == 429
    una.go("/2fa/setup")


@part
def odd_forms(house: House) -> None:
    erin = house.enrolled("olga")
    thief = house.again(erin, "olga")
    form = thief.filled()
    for headers, body in (
        ([], encoded({"code": "123456"})),  # no token
        ([("Content-Encoding", "gzip")], encoded(form)),
        ([], b"x" * 9000),
        ([], b"code=1&code=2"),
        ([], b"\xff"),
        ([("Origin", "https://evil.example")], encoded(form)),
        ([("Origin", "http://localhost:7999"), ("Sec-Fetch-Site", "same-origin")], encoded(form)),
        ([("Sec-Fetch-Site", "cross-site")], encoded(form)),
        ([("Origin", "null")], encoded(form)),
        ([], encoded({name: value for name, value in form.items() if name != "code"})),
        ([], encoded(form | {"recovery": "x"})),
    ):
        for mode in ("navigate", "cors"):
            thief.send({}, [*headers, ("Sec-Fetch-Mode", mode)], body)
    for length in ("x", "9" * 30):
        _with_length(thief, length)
    for path in ("logout", "later", "account", "verify", "browsers"):
        thief.go(f"/2fa/{path}", "PUT")
        thief.fetch(f"/2fa/{path}", "DELETE")
    thief.go("/2fa/logout")
    thief.go("/2fa/nothing")
    thief.fetch("/2fa/nothing")
    thief.go("/2fa/static/nothing.css")


def _form(page_: Reply, action: str) -> dict[str, str]:
    """The hidden fields of the form of a page that is sent there."""
    return next(form.hidden for form in forms_of(page_.text) if form.action.endswith(action))


def _with_length(visitor: Visitor, length: str) -> None:
    """A form whose length is told so; the validator of the WSGI exchange lets none but numbers by."""
    if visitor.exchange.exchange.name == "asgi":  # type: ignore[attr-defined]
        visitor.send({}, [("Content-Length", length)])


def _as(visitor: Visitor) -> Pairs:
    return [("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))]


@part
def account(house: House) -> None:
    anna = house.enrolled("anna")
    for path in ("account", "disable", "codes", "codes?with=recovery", "disable?with=recovery", "verify", "setup"):
        anna.go(f"/2fa/{path}")
    anna.go("/2fa/account?done=forgotten")
    anna.confirm("codes", anna.wrong_code())
    old = anna.confirm("codes")
    house.stage.clock.on(30)
    assert anna.confirm("codes").status == 200
    anna.fill(old, "/codes", action="download")
    anna.post("/2fa/codes", _form(old, "/codes") | {"action": "download", "codes": "made up"})
    house.stage.clock.on(30)
    elsewhere = house.again(anna, "anna")
    prompted = elsewhere.filled()
    shown = anna.go("/2fa/disable"), anna.go("/2fa/codes")
    anna.confirm("disable", anna.wrong_code())
    assert anna.confirm("disable").status == 303
    for page_, name in zip(shown, ("disable", "codes"), strict=True):
        anna.go(f"/2fa/{name}")
        anna.fill(page_, f"/{name}", code="123456")
    anna.go("/2fa/account")
    elsewhere.post("/2fa/verify", prompted)
    anna.fill(anna.go("/2fa/account"), "/logout")


@part
def administrators(house: House) -> None:
    stage = house.stage
    erna = house.enrolled("erna")
    ada = house.visitor("ada")
    ada.go(ADMIN)
    ada.fetch(ADMIN)
    ada.set_up()
    stage.clock.on(30)
    for path in ("", "/users", "/users?q=e", "/user?id=erna", "/user?id=ada", "/user?id=nobody", "/user?id=wendy"):
        ada.go(ADMIN + path)
    odd = ("/users?q=1&q=2", "/users?q=" + "x" * 9000, "/users?q=" + "x" * 300, "/user", "/role", "/events?kind=none")
    for path in ("/roles", f"/role?name={CHEF}", "/role?name=Waiter", "/events", "/events?who=erna", "/nothing", *odd):
        ada.go(ADMIN + path)
        ada.fetch(ADMIN + path)
    ada.go(f"{ADMIN}/users", "POST")
    person = at_user(ada, "erna")
    action, hidden = form_for(person, act="off")
    for change in ({"reason": ""}, {"reason": "x" * 5000}, {"generation": "1"}, {"act": "other"}):
        ada.post(action, hidden | {"reason": "lost phone"} | change)
    ada.post(action, hidden | {"act": "unlock", "reason": "asked"})
    ada.post(action, hidden | {"act": "end", "reason": "asked"})
    ada.post(action, hidden | {"reason": "lost phone"})
    action, hidden = form_for(at_user(ada, "erna"))
    ada.post(action, hidden | {"act": "unlock", "reason": "asked"})
    role = ada.go(f"{ADMIN}/role?name=Waiter")
    action, hidden = form_for(role, version="0")
    for change in ({"grace_days": "x"}, {}, {"enforce": "1", "grace_days": "1"}):
        ada.post(action, hidden | {"grace_days": "0"} | change)
    ada.post(action.replace("Waiter", CHEF), hidden)
    portal.roles["cleo"] = ["Waiter"]
    erna.fill(erna.go("/2fa/setup"), "/setup", code=erna.code())
    walker = house.enrolled("wanda")
    walker.go(ADMIN)
    walker.fetch(ADMIN)
    stage.clock.on(3601)
    ada.go(ADMIN)
    ada.fetch(ADMIN)


@part
def in_time(house: House) -> None:
    """A set-up is put off, and the form that does it comes too late, and from somebody who has done it since."""
    for wait in (0, 86400 - 120):
        cleo = house.visitor("cleo")
        cleo.go("/tasks")
        house.stage.clock.on(wait)
        page_ = cleo.go("/2fa/setup")
        house.stage.clock.on(61)
        cleo.fill(page_, "/later")
    portal.roles["dina"] = ["Waiter"]
    dina = house.visitor("dina")
    page_ = dina.go("/2fa/setup")
    assert dina.fill(page_, "/setup", code=dina.code()).status == 200
    dina.fill(page_, "/later")


@part
def behind_a_mount(house: House) -> None:
    mia = house.enrolled("mia")
    thief = house.again(mia, "mia")
    thief.root = "/app/shop"
    thief.go("/tasks")
    thief.fetch("/tasks")
    thief.fill(thief.go("/2fa/verify"), "/verify", code=thief.code())
    thief.fill(thief.go("/2fa/account"), "/logout")
    thief.go("/2fa/account")


@part
def by_its_answer(house: House) -> None:
    """The app logs somebody in who has to show a code first: its answer is dropped."""
    house.enrolled("lena")
    for ask in ("go", "fetch"):
        somebody = house.visitor(None)
        getattr(somebody, ask)("/login?user=lena&login=login-9", "POST")


@part
def two_people(house: House) -> None:
    thief = house.visitor("erin")
    thief.cookies["session"] = f"{thief.cookies['session']}; session=x"
    thief.go("/tasks")
    thief.fetch("/tasks")


@part
def handshakes(house: House) -> None:
    """Under WSGI these are requests; under ASGI see ``test_headers.py``."""
    erin = house.visitor("erin", "login-7")
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Origin", erin.origin)]
    erin.exchange.request("GET", "/live", [*_as(erin), *upgrade])
    foreign = [*upgrade[:2], ("Origin", "https://evil.example")]
    erin.exchange.request("GET", "/live", [*_as(erin), *foreign])


@part
def too_slow(house: House) -> None:
    thief = house.visitor("erin", "login-8")
    form = thief.go("/2fa/verify")
    with house._patch.context() as patch:
        patch.setattr("twofa_middleware.pages.visit.FORM_LIMIT_SECONDS", 0)
        thief.fill(form, "/verify", code="123456")


@part
def faults(house: House) -> None:
    """The last part: the store stays away."""
    portal.broken.add("roles")
    wilma = house.visitor("wilma")
    wilma.go("/tasks")
    wilma.fetch("/tasks")
    wilma.go("/tasks", "POST")
    portal.broken.clear()
    erin = house.visitor("erin", "login-9")
    page_ = erin.go("/2fa/verify")
    folder = house.stage.realm.store_file.parent
    folder.rename(folder.with_name("away"))
    for path in ("/tasks", "/2fa/verify", "/2fa/account", "/2fa/health/ready"):
        erin.go(path)
        erin.fetch(path)
    erin.fill(page_, "/verify", code="123456")


@part_elsewhere
def with_a_code(house: House) -> None:
    """Nobody sets up without a code of an administrator, and the directory knows everybody."""
    for user in ("ada", "erin", "wendy"):
        hire(user)
    wendy = house.visitor("wendy")
    wendy.go("/2fa/setup")
    house.enrolled("erin")
    ada = house.enrolled("ada")
    ada.go(f"{ADMIN}/role?name=Nobody")
    action, hidden = form_for(at_user(ada, "wendy"), act="code")
    ada.post(action, hidden | {"reason": "new here"})
    wendy.fill(wendy.go("/2fa/setup"), "/setup", code=wendy.code(), reset="aaaa")
    house.stage.clock.on(3500)
    _, hidden = form_for(ada.go("/users/erin/edit"))
    house.stage.clock.on(200)
    assert ada.post("/users/erin/edit", hidden).status == 403


@part_elsewhere
def of_nobody_known(house: House) -> None:
    """Where the app alone knows who is there: it cannot say, or nobody is there who would open a WebSocket."""
    somebody = house.visitor(None)
    somebody.cookies["sid"] = "unknown"
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Origin", somebody.origin)]
    somebody.exchange.request("GET", "/live", [*_as(somebody), *upgrade])
    portal.broken.add("sessions")
    for ask in (somebody.go, somebody.fetch):
        ask("/tasks")
        ask("/2fa/account")
    portal.broken.clear()

"""What the gate says of a connection that is open: it goes on for as long as the login that it was opened under passes.

Attack 15. How the adapters ask, and close, stands in their own tests.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from support import portal
from support.ending import end
from support.realm import ORIGIN, SIGNED_COOKIE, session_cookie
from support.stage import ADA, Open, Stage
from support.visitor import Visitor
from twofa_middleware.accounts.administer import disable, forget, look_at
from twofa_middleware.drive import drive
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.http import Allow, Answer, Request
from twofa_middleware.protocol import Ask, Person
from twofa_middleware.vouching import Ended, Holds, Untold, Verdict
from twofa_middleware.wiring import build

BY_STATE = {"identity": [SIGNED_COOKIE, portal.SESSIONS]}
LISTED = BY_STATE | {"anonymous_websockets": ["GET /live"]}


@dataclass
class Opened:
    """A connection that was let in; ``asks`` is what was asked about it since then."""

    runtime: Any
    stage: Stage
    allow: Allow
    asks: list[str] = field(default_factory=list)
    broken: bool = False

    def verdict(self) -> Verdict:
        return drive(self.runtime.gate.still_passes(self.allow, self.stage.clock.now), self.answer)

    def answer(self, ask: Ask[Any]) -> Any:
        self.asks.append(type(ask).__name__)
        if self.broken:
            raise StoreUnavailable("the store is down")
        return self.runtime.answer(ask)


Opens = Callable[..., Opened]


@pytest.fixture
def opens() -> Iterator[Opens]:
    """Open a connection for a visitor: ``opens(stage, visitor, path, kind="websocket")``."""
    runtimes: list[Any] = []

    def admitted(runtime: Any, stage: Stage, visitor: Visitor, path: str, kind: Any, origin: str) -> Allow | Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()).encode()
        headers = ((b"cookie", cookies), (b"origin", origin.encode()))
        request = Request(kind, "GET", "", path, path.encode(), b"", headers, {}, stage.clock.now)
        return drive(runtime.gate.admit(request), runtime.answer)

    def opens(
        stage: Stage, visitor: Visitor, path: str = "/live", *, kind: str = "websocket", origin: str = ORIGIN
    ) -> Opened:
        runtime = build(stage.realm.settings, "shop", asynchronous=False, clock=stage.clock)
        runtimes.append(type("Gate", (), {"runtime": runtime}))
        allow = admitted(runtime, stage, visitor, path, kind, origin)
        assert isinstance(allow, Allow), allow
        opened = Opened(runtime, stage, allow)
        assert opened.verdict() == Holds()
        opened.asks.clear()
        return opened

    yield opens
    for runtime in runtimes:
        end(runtime)


def logs_out(stage: Stage, visitor: Visitor) -> None:
    assert visitor.go("/logout", "POST").status < 400


def is_ended_by_an_administrator(stage: Stage, visitor: Visitor) -> None:
    stage.administer(lambda desk: forget(desk, ADA, Person("erin"), "", stage.clock.now))


def is_disabled_by_an_administrator(stage: Stage, visitor: Visitor) -> None:
    def act(desk: Any) -> Any:
        seen = yield from look_at(desk, Person("erin"), stage.clock.now)
        return (yield from disable(desk, ADA, seen, "lost phone", stage.clock.now))

    stage.administer(act)


def disables(stage: Stage, visitor: Visitor) -> None:
    assert visitor.confirm("disable").status == 303


def makes_new_codes(stage: Stage, visitor: Visitor) -> None:
    assert visitor.confirm("codes").status == 200


def grows_old(stage: Stage, visitor: Visitor) -> None:
    stage.clock.on(24 * 3600)


def logs_in_anew(stage: Stage, visitor: Visitor) -> None:
    visitor.go("/login?user=erin&login=login-7", "POST")


def somebody_else_logs_in(stage: Stage, visitor: Visitor) -> None:
    visitor.go("/login?user=wendy&login=login-7", "POST")


ENDS = [
    logs_out,
    is_ended_by_an_administrator,
    is_disabled_by_an_administrator,
    disables,
    makes_new_codes,
    grows_old,
    logs_in_anew,
    somebody_else_logs_in,
]


@pytest.mark.parametrize("kind", ["websocket", "http"])
@pytest.mark.parametrize("ends", ENDS)
def test_a015_a_proven_pass_that_ends_ends_what_is_open(
    ends: Callable[[Stage, Visitor], None], kind: str, stage: Stage, opens: Opens
) -> None:
    erin = stage.enrolled()
    opened = opens(stage, erin, kind=kind)
    ends(stage, erin)
    assert isinstance(opened.verdict(), Ended)


def test_a015_log_out_ends_it_also_for_who_needs_no_factor(stage: Stage, opens: Opens) -> None:
    """The cookie of the handshake would still be good, and a new pass would be had for the asking."""
    wendy = stage.visitor("wendy")
    wendy.go("/home")
    opened = opens(stage, wendy)
    logs_out(stage, wendy)
    assert isinstance(opened.verdict(), Ended)


@pytest.mark.parametrize("navigates", [True, False], ids=["with a pass", "without one"])
def test_a015_turning_it_on_ends_it_for_who_came_in_by_nothing(stage: Stage, opens: Opens, navigates: bool) -> None:
    other = stage.visitor("erin", "login-2")
    if navigates:
        other.go("/home")
    opened = opens(stage, other)
    stage.enrolled()
    assert isinstance(opened.verdict(), Ended)


def test_a015_a_remembered_browser_that_is_forgotten_ends_it(stage: Stage, opens: Opens) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    erin.verify(remember="1")
    erin.log_in(login="login-3")
    opened = opens(stage, erin)
    is_ended_by_an_administrator(stage, erin)
    assert isinstance(opened.verdict(), Ended)


@pytest.mark.parametrize("starts", ["now", "next-login"])
def test_a015_a_role_that_is_enforced_reaches_it_when_it_reaches_the_session(
    starts: str, open_stage: Open, opens: Opens
) -> None:
    stage = open_stage(roles=portal.ROLES, enforcement={"starts": starts})
    portal.roles["wendy"] = ["Clerk"]
    wendy = stage.visitor("wendy")
    wendy.go("/home")
    opened = opens(stage, wendy)
    stage.enforce("Clerk")
    assert isinstance(opened.verdict(), Ended if starts == "now" else Holds)


def test_a015_the_apps_cookie_that_grows_too_old_ends_it(stage: Stage, opens: Opens) -> None:
    wendy = stage.visitor("wendy")
    opened = opens(stage, wendy)
    stage.clock.on(SIGNED_COOKIE["max_age_seconds"] + 1)
    assert isinstance(opened.verdict(), Ended)


def test_a015_a_service_account_ends_with_its_last_day(open_stage: Open, opens: Opens) -> None:
    today = datetime.datetime.fromtimestamp(open_stage().clock.now, datetime.UTC).date()
    account = {"user": "robot", "apps": ["shop"], "by": "signed_cookie", "reason": "tasks", "until": today}
    stage = open_stage(service_accounts=[account], enforcement={"pinned": ["Robot"]}, roles=portal.ROLES)
    portal.roles["robot"] = ["Robot"]
    opened = opens(stage, stage.visitor("robot"))
    stage.clock.on(86400)
    assert opened.verdict() == Ended("it has to set up")


def test_a_socket_is_no_use_of_the_pass_and_an_idle_one_ends(open_stage: Open, opens: Opens) -> None:
    stage = open_stage(idle_minutes=60)
    erin = stage.enrolled()
    opened = opens(stage, erin)
    for _ in range(59):
        stage.clock.on(60)
        assert opened.verdict() == Holds()
    stage.clock.on(60)
    assert opened.verdict() == Ended("its pass has ended")
    assert set(opened.asks) == {"Look"}


def test_asking_is_one_question_that_changes_nothing(stage: Stage, opens: Opens) -> None:
    opened = opens(stage, stage.enrolled())
    assert (opened.verdict(), opened.asks) == (Holds(), ["Look"])


def test_what_cannot_be_told_is_neither(stage: Stage, opens: Opens) -> None:
    opened = opens(stage, stage.enrolled())
    opened.broken = True
    verdict = opened.verdict()
    assert isinstance(verdict, Untold)
    assert isinstance(verdict.error, StoreUnavailable)


# ---- where the app's state says who is logged in --------------------------------------------------------------------


def test_a015_a_log_out_on_the_apps_side_ends_it(open_stage: Open, opens: Opens) -> None:
    stage = open_stage(shop=BY_STATE)
    portal.sessions["s1"] = ("wendy", "login-1")
    wendy = stage.visitor()
    wendy.cookies["sid"] = "s1"
    opened = opens(stage, wendy)
    del portal.sessions["s1"]
    assert opened.verdict() == Ended("nobody is logged in")


@pytest.mark.parametrize("again", [("wendy", "login-2"), ("bob", "login-1")], ids=["log-in", "user"])
def test_a015_another_log_in_of_the_same_session_ends_it(
    again: tuple[str, str], open_stage: Open, opens: Opens
) -> None:
    stage = open_stage(shop=BY_STATE)
    portal.sessions["s1"] = ("wendy", "login-1")
    wendy = stage.visitor()
    wendy.cookies["sid"] = "s1"
    opened = opens(stage, wendy)
    portal.sessions["s1"] = again
    assert opened.verdict() == Ended("another log-in")


@pytest.mark.parametrize(("user", "goes_on"), [("erin", False), ("wendy", True)])
def test_a013_a_log_in_over_an_anonymous_socket_ends_it_if_it_may_not_pass(
    user: str, goes_on: bool, open_stage: Open, opens: Opens
) -> None:
    stage = open_stage(shop=LISTED)
    erin = stage.enrolled()
    erin.log_out()
    erin.cookies["sid"] = "s1"  # with the pass of the log-in before
    opened = opens(stage, erin)
    portal.sessions["s1"] = (user, "login-1")
    assert isinstance(opened.verdict(), Holds if goes_on else Ended)


def test_a014_a_page_of_another_site_keeps_no_socket_on_which_somebody_logs_in(open_stage: Open, opens: Opens) -> None:
    stage = open_stage(shop=LISTED)
    somebody = stage.visitor()
    somebody.cookies["sid"] = "s1"
    opened = opens(stage, somebody, origin="http://evil.example")
    portal.sessions["s1"] = ("wendy", "login-1")
    assert opened.verdict() == Ended("a log-in on a connection of a foreign page")


@pytest.mark.parametrize("path", ["/live", "/live/x", "/live/public/../x", "/live//public/x", "/live/public"])
@pytest.mark.parametrize("sid", ["", "s1"])
def test_a013_a_socket_of_nobody_is_refused_unless_its_path_is_listed(
    path: str, sid: str, open_stage: Open, opens: Opens
) -> None:
    stage = open_stage(shop=BY_STATE | {"anonymous_websockets": ["GET /live/public/**"]})
    nobody = stage.visitor()
    if sid:
        nobody.cookies["sid"] = sid
    opens(stage, nobody, "/live/public/x")
    with pytest.raises(AssertionError, match="status=403"):
        opens(stage, nobody, path)


def test_where_only_the_request_says_who_it_is_a_socket_of_nobody_is_not_watched(stage: Stage, opens: Opens) -> None:
    opened = opens(stage, stage.visitor())
    assert not opened.allow.is_watched(())


# ---- which answers are watched --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "is_watched"),
    [
        ("/news", b"text/event-stream", True),
        ("/news", b"Text/Event-Stream; charset=utf-8", True),
        ("/news", b"text/html", False),
        ("/export/all", b"text/csv", True),
        ("//export/all", b"text/csv", True),
        ("/exports", b"text/csv", False),
    ],
)
def test_streams_of_who_is_logged_in_are_watched(
    path: str, kind: bytes, is_watched: bool, open_stage: Open, opens: Opens
) -> None:
    stage = open_stage(shop={"streams": ["ANY /export/**"]})
    headers = [(b"Content-Type", kind)]
    assert opens(stage, stage.enrolled(), path, kind="http").allow.is_watched(headers) is is_watched
    assert not opens(stage, stage.visitor(), path, kind="http").allow.is_watched(headers)


@pytest.mark.parametrize("mode", ["report", "off"])
def test_where_nothing_is_enforced_nothing_is_ended(mode: str, open_stage: Open, opens: Opens) -> None:
    stage = open_stage(mode=mode)
    cookie = session_cookie("erin", at=stage.clock.now)
    somebody = stage.visitor()
    somebody.cookies["session"] = cookie
    runtime = build(stage.realm.settings, "shop", asynchronous=False, clock=stage.clock)
    headers = ((b"cookie", f"session={cookie}".encode()),)
    request = Request("websocket", "GET", "", "/live", b"/live", b"", headers, {}, stage.clock.now)
    allow = drive(runtime.gate.admit(request), runtime.answer)
    runtime.close()
    assert isinstance(allow, Allow)
    assert not allow.is_watched([(b"content-type", b"text/event-stream")])

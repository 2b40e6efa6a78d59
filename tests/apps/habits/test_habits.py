"""Shops with odd habits that real apps have, in both colours, behind the gate without a line of code."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import ClassVar

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from support.exchange import Pairs, Reply
from support.projects import PASSWORD, Project, opened
from support.realm import ORIGIN
from support.story import Story
from support.visitor import FETCH, FORM_TYPE, Visitor

JSON = ("Content-Type", "application/json")
SERVERS = {
    "gunicorn with 4 workers": ("wsgi", "gunicorn", "--bind=127.0.0.1:{port}", "--workers=4", "--no-control-socket"),
    "gunicorn gthread": ("wsgi", "gunicorn", "--bind=127.0.0.1:{port}", "--threads=4", "--no-control-socket"),
    "waitress": ("wsgi", "waitress", "--listen=127.0.0.1:{port}"),
    "granian wsgi": ("wsgi", "granian", "--host=127.0.0.1", "--port={port}", "--interface=wsgi"),
    "granian asgi": ("asgi", "granian", "--host=127.0.0.1", "--port={port}", "--interface=asgi"),
    "uvicorn": ("asgi", "uvicorn", "--host=127.0.0.1", "--port={port}"),
    "hypercorn": ("asgi", "hypercorn", "--bind=127.0.0.1:{port}"),
}


class Habit(Story):
    servers: ClassVar[tuple[str, ...]] = tuple(SERVERS)
    habit: ClassVar[str]
    page = "/me"
    api = "/api/me"

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.post("/login", {"name": name, "password": password})

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/logout", {})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A shop on the servers of its colours."""
    if "project" in metafunc.fixturenames:
        metafunc.parametrize("project", metafunc.cls.servers, indirect=True, scope="class")


@pytest.fixture(scope="class")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    colour, *command = SERVERS[request.param]
    habit = request.cls.habit
    target = f"{habit}:app" if colour == "wsgi" else f"{habit}:asgi_app"
    door = "create_application()" if "hypercorn" in command else "application"  # it finds no lazy name: docs/serving.md
    with opened(
        "habits",
        tmp_path_factory.mktemp(habit),
        *command,
        "{app}",
        app=target,
        wrapped=f"twofa_middleware.{colour}:{door}",
        settings=f"{habit}.toml",
        environ={"TWOFA_TARGET": target, "TWOFA_SETTINGS": f"{habit}.toml"},
    ) as project:
        yield project


class TestTheSameCookieForEveryLogIn(Habit):
    habit = "same_cookie"
    shows_session = False

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.go("/bye")


class TestACookieThatOutlivesLogOut(Habit):
    habit = "kept_cookie"
    shows_session = False

    def test_a079_the_next_user_of_the_same_cookie_is_asked(self, project: Project) -> None:
        (_, browser), (frank, elsewhere) = self.enrolled(project), self.enrolled(project)
        before = browser.cookies["browser"]
        self.log_out(browser)
        self.is_outside(browser)
        self.log_in(browser, frank)
        assert browser.cookies["browser"] == before
        self.is_asked(browser, frank)
        browser.codes = elsewhere.codes
        self.confirm(browser)
        self.is_inside(browser, frank)


class TestACookieThatIsWrittenAgainIntoEachAnswer(Habit):
    habit = "rewritten_cookie"

    def test_the_pass_goes_on_with_each_new_cookie(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        seen = set()
        for _ in range(5):
            self.is_inside(visitor, name)
            seen.add(visitor.cookies["session"])
        assert len(seen) == 5


class TestATokenThatIsRotatedInMidSession(Habit):
    habit = "rotated_token"

    def test_the_pass_goes_on_with_each_new_token(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        seen = set()
        for _ in range(5):
            self.is_inside(visitor, name)
            seen.add(visitor.cookies["sid"])
        assert len(seen) == 5


class TestALogInByJson(Habit):
    habit = "json_login"
    shows_session = False
    anonymous = (
        ("POST", "/api/session", [*FETCH, JSON], b'{"name": "erin1", "password": "wrong"}'),
        ("POST", "/api/session", [*FETCH, JSON], b"nonsense"),
        ("DELETE", "/api/session", FETCH, b""),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        return visitor.fetch("/api/session", "POST", [JSON], json.dumps({"name": name, "password": password}).encode())

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.fetch("/api/session", "DELETE")

    def test_a004_the_answer_tells_the_script_where_to_go(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        reply = self.log_in(again, name)
        assert (reply.status, reply.header("content-type")) == (403, "application/problem+json")
        assert json.loads(reply.body)["page"] == "/2fa/verify"


class TestALogInByRememberMeAlone(Habit):
    habit = "remember_me"
    shows_session = False

    def test_a087_a_remembered_user_without_a_session_is_asked(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        again.cookies["remember"] = visitor.cookies["remember"]
        self.is_asked(again, name)
        self.confirm(again)
        self.is_inside(again, name)


class TestALogOutByAFieldOfTheQuery(Habit):
    habit = "query_logout"
    shows_session = False

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.go("/orders?a=1&do=logout")


class TestTwoDoors(Habit):
    habit = "two_doors"
    anonymous = (
        ("GET", "/office/me", FETCH, b""),
        ("POST", "/office/login", [FORM_TYPE], b"name=erin1&password=wrong"),
        ("GET", "/me", [("Authorization", "Bearer nobody-has-this")], b""),
        ("GET", "/me", [("Authorization", "Basic ZXJpbjE6d3Jvbmc=")], b""),
    )

    def test_a003_the_other_log_in_page_asks_as_well(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        again.post("/office/login", {"name": name, "password": PASSWORD})
        assert (again.go("/office/me").header("location") or "").startswith("/2fa/verify")
        self.confirm(again)
        assert name in again.go("/office/me").text

    @pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
    def test_a003_a_header_beside_the_cookie_asks_as_well(self, project: Project, scheme: str) -> None:
        name, visitor = self.enrolled(project)
        value = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode() if scheme == "Basic" else f"token-of-{name}"
        sent: Pairs = [("Authorization", f"{scheme} {value}")]
        refused = project.browser().fetch("/api/me", headers=sent)
        assert (refused.status, refused.header("content-type")) == (403, "application/problem+json")
        assert name not in refused.text
        assert name in visitor.fetch("/api/me", headers=sent).text, "with the pass of the browser it goes on"

    def test_a003_a_header_of_somebody_without_a_second_factor_works_as_before(self, project: Project) -> None:
        name = project.newcomer()
        assert name in project.browser().fetch("/api/me", headers=[("Authorization", f"Bearer token-of-{name}")]).text


class TestALogInOverAWebSocket(Habit):
    habit = "socket_login"
    servers = ("uvicorn",)
    shows_session = False
    random = (rb"(?<=sid=)[0-9a-f]{32}",)

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        """The answer is the page that follows, as the socket's own may not come through any more."""
        if "sid" not in visitor.cookies:
            visitor.go("/")
        with contextlib.suppress(ConnectionClosed), self.socket(visitor) as socket:
            socket.send(json.dumps({"name": name, "password": password}))
            socket.recv(20)
        return visitor.go("/")

    def socket(self, visitor: Visitor) -> ClientConnection:
        cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        port = visitor.exchange.port
        return connect(f"ws://127.0.0.1:{port}/ws", origin=ORIGIN, additional_headers={"Cookie": cookies})

    def test_a013_the_socket_that_logs_in_ends_where_a_code_is_missing(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        again.go("/")
        with self.socket(again) as socket:
            socket.send(json.dumps({"name": name, "password": PASSWORD}))
            with contextlib.suppress(ConnectionClosed):
                for _ in range(20):
                    socket.recv(20)
                    socket.send("{}")
            assert socket.close_code == 4401
        self.is_asked(again, name)

"""Radicale, a server of calendars by WebDAV and Basic, behind the gate without a line of code."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from support.exchange import Pairs, Reply
from support.projects import PASSWORD, Project, opened
from support.story import Story
from support.visitor import FETCH, Visitor

XML = ("Content-Type", "application/xml")
EVERYTHING = b'<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>'
EVENT = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//shop//EN\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260701T100000Z\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
SERVERS = {
    "gunicorn": ("gunicorn", "--bind=127.0.0.1:{port}", "--no-control-socket", "--workers=2", "{app}"),
    "waitress": ("waitress", "--listen=127.0.0.1:{port}", "{app}"),
}


@pytest.fixture(scope="module", params=SERVERS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with opened(
        "radicale",
        tmp_path_factory.mktemp("radicale"),
        *SERVERS[request.param],
        app="radicale:application",
        wrapped="twofa_middleware.wsgi:application",
        environ={"TWOFA_TARGET": "radicale:application", "RADICALE_CONFIG": "radicale.conf"},
        prepare=("python", "make_calendar.py"),
    ) as project:
        yield project


class TestRadicale(Story):
    page = "/shared/orders/"
    shows_session = False
    anonymous = (
        ("PROPFIND", "/", [XML, ("Depth", "1")], EVERYTHING),
        ("REPORT", "/shared/orders/", [XML], b"<report/>"),
        ("PUT", "/shared/orders/tea.ics", [("Content-Type", "text/calendar")], EVENT % b"tea"),
        ("MKCALENDAR", "/shared/new/", [], b""),
        ("GET", "/shared/orders/", [("Authorization", "Basic ZXJpbjE6d3Jvbmc=")], b""),
        ("GET", "/.web/", FETCH, b""),
    )

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        """The browser has asked for name and password, and sends them from now on with each request."""
        visitor.exchange.always = credentials(name, password)
        return visitor.go(self.page)

    def log_out(self, visitor: Visitor) -> Reply:
        visitor.exchange.always = []
        return visitor.go(self.page)

    def test_our_own_log_out_logs_out_of_the_app(self, project: Project) -> None:
        """It cannot: the browser goes on sending the password. So it is asked for a code again."""
        name, visitor = self.enrolled(project)
        visitor.fill(visitor.go("/2fa/account"), "/logout")
        self.is_asked(visitor, name)

    @pytest.mark.parametrize("method", ["PROPFIND", "REPORT", "PUT", "DELETE", "MKCALENDAR", "MOVE", "OPTIONS", "HEAD"])
    def test_a011_every_verb_waits_for_the_code(self, project: Project, method: str) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        self.log_in(again, name)
        target = f"/shared/orders/{name}.ics" if method in ("PUT", "DELETE", "MOVE") else self.page
        refused = again.fetch(target, method, [XML, ("Depth", "1")], EVERYTHING if method != "HEAD" else b"")
        assert (refused.status, refused.header("content-type")) == (403, "application/problem+json")
        assert b"feast" not in refused.body

    def test_whoever_has_passed_works_with_every_verb(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        item = f"/shared/orders/{name}.ics"
        put = visitor.fetch(item, "PUT", [("Content-Type", "text/calendar")], EVENT % name.encode())
        assert put.status == 201
        listed = visitor.fetch(self.page, "PROPFIND", [XML, ("Depth", "1")], EVERYTHING)
        assert (listed.status, f"{name}.ics" in listed.text) == (207, True)
        assert visitor.fetch(item, "DELETE").status == 200

    def test_a_client_of_somebody_without_a_second_factor_works_as_before(self, project: Project) -> None:
        client = project.browser().exchange
        sent = [*credentials(project.newcomer(), PASSWORD), XML, ("Depth", "1")]
        answer = client.request("PROPFIND", self.page, sent, EVERYTHING)
        assert answer.status == 207
        assert answer.all("set-cookie") == []


def credentials(name: str, password: str) -> Pairs:
    return [("Authorization", "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())]

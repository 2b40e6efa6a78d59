"""What holds in front of every real app; a test class of an app says how people log in and out there, and inherits it.

    class TestShop(Story):
        page = "/account"

        def log_in(self, visitor, name, password=PASSWORD):
            return visitor.post("/login", {"name": name, "password": password})

It needs a fixture ``project``, best made once for a module, since everybody in a story is a newcomer. Prompts are answered
with recovery codes but in the story of the phone, so that no test waits for the next code.
"""

from __future__ import annotations

import re
from typing import ClassVar

from support.exchange import Pairs, Reply
from support.projects import PASSWORD, Project
from support.visitor import FETCH, FORM_TYPE, NAVIGATION, Visitor

Asked = tuple[str, str, Pairs, bytes]
"""Method, target, headers and body of a request."""

VERIFY = "/2fa/verify"


class Story:
    page: ClassVar[str]
    """A page that only somebody logged in gets, with their name on it."""
    api: ClassVar[str] = ""
    """What scripts fetch; empty: the page."""
    shows_session: ClassVar[bool] = True
    """Whether the app shows of one log-in of a user that it is another than the last; else only log-out tells."""
    anonymous: ClassVar[tuple[Asked, ...]] = ()
    """Requests of nobody who is logged in, besides those that every app gets."""
    random: ClassVar[tuple[bytes, ...]] = ()
    """Patterns of what the app makes anew for each answer, such as the value of a CSRF token."""
    denied_status: ClassVar[tuple[int, ...]] = (302, 303, 307, 401, 403)
    """How the app itself sends nobody away from the page."""

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        raise NotImplementedError

    def log_out(self, visitor: Visitor) -> Reply:
        raise NotImplementedError

    # ---- how it goes on

    def enrolled(self, project: Project) -> tuple[str, Visitor]:
        """A newcomer who has turned two-factor authentication on, and is inside by it."""
        name, visitor = project.newcomer(), project.browser()
        self.log_in(visitor, name)
        visitor.set_up()
        assert len(visitor.codes) == 10, "the set-up has not been taken"
        self.is_inside(visitor, name)
        return name, visitor

    def in_a_new_browser(self, visitor: Visitor, project: Project) -> Visitor:
        """The same person with the same phone and recovery codes, in a browser without cookies."""
        other = project.browser()
        other.key, other.codes = visitor.key, visitor.codes
        return other

    def confirm(self, visitor: Visitor) -> Reply:
        return visitor.recover(visitor.codes.pop())

    def is_inside(self, visitor: Visitor, name: str) -> None:
        reply = visitor.go(self.page)
        assert reply.status == 200, (reply.status, reply.headers)
        assert name in reply.text

    def is_asked(self, visitor: Visitor, name: str) -> None:
        """No way leads to the app, be it by navigation, by a script, or by a form."""
        reply = visitor.go(self.page)
        assert (reply.status, (reply.header("location") or "").partition("?")[0]) == (303, VERIFY), reply
        fetched = visitor.fetch(self.api or self.page)
        assert (fetched.status, fetched.header("content-type")) == (403, "application/problem+json")
        assert fetched.status == 403
        sent = visitor.post(self.page, {})
        assert sent.status == 403
        for answer in (reply, fetched, sent):
            assert name not in answer.text or "has <strong>not</strong> been sent" in answer.text

    def is_outside(self, visitor: Visitor) -> None:
        """The app itself takes the browser for nobody's."""
        reply = visitor.go(self.page)
        assert reply.status in self.denied_status, reply
        assert VERIFY not in (reply.header("location") or "")

    # ---- the stories

    def test_a105_anonymous_traffic_is_byte_identical(self, project: Project) -> None:
        for method, target, headers, body in [*self._usual(), *self.anonymous]:
            one, other = (self._raw(project, which, method, target, headers, body) for which in ("bare", "wrapped"))
            assert one == other, f"{method} {target}:\n{one!r}\n{other!r}"
            assert one.startswith(b"HTTP/1.1 "), f"{method} {target}"

    def _usual(self) -> list[Asked]:
        theme = ("Cookie", "theme=dark; other=1")
        return [
            ("GET", "/", NAVIGATION, b""),
            ("GET", "/", [], b""),
            ("GET", "/", [*NAVIGATION, theme], b""),
            ("HEAD", "/", NAVIGATION, b""),
            ("OPTIONS", "/", [], b""),
            ("GET", self.page, NAVIGATION, b""),
            ("GET", self.page, FETCH, b""),
            ("GET", "/no-such-page?a=1&a=2", NAVIGATION, b""),
            ("GET", "/%C3%A9//x;p=1", FETCH, b""),
            ("POST", "/", [FORM_TYPE], b"a=1&b=2"),
            ("DELETE", self.page, FETCH, b""),
        ]

    def _raw(self, project: Project, which: str, method: str, target: str, headers: Pairs, body: bytes) -> bytes:
        browser = project.bare_browser() if which == "bare" else project.browser()
        got = browser.exchange.raw(method, target, headers, body)  # type: ignore[attr-defined]
        for pattern in [rb"(?i)(?<=\r\ndate: )[^\r]*", *self.random]:
            got = re.sub(pattern, b"...", got)
        return bytes(got)

    def test_a_wrong_password_gets_the_apps_own_answer(self, project: Project) -> None:
        name = project.newcomer()
        bare, wrapped = project.bare_browser(), project.browser()
        one, other = self.log_in(bare, name, "wrong"), self.log_in(wrapped, name, "wrong")
        assert one.status == other.status
        assert self._plain(one) == self._plain(other)
        self.is_outside(wrapped)

    def _plain(self, reply: Reply) -> bytes:
        told = reply.body
        for pattern in self.random:
            told = re.sub(pattern, b"...", told)
        return told

    def test_whoever_has_no_second_factor_works_as_before(self, project: Project) -> None:
        name, visitor = project.newcomer(), project.browser()
        bare = project.bare_browser()
        assert self.log_in(visitor, name).status == self.log_in(bare, name).status
        self.is_inside(visitor, name)
        assert self._plain(visitor.go(self.page)) == self._plain(bare.go(self.page))
        self.log_out(visitor)
        self.is_outside(visitor)

    def test_a_code_is_asked_for_after_each_log_in(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        for _ in range(2):
            self.log_out(visitor)
            self.is_outside(visitor)
            self.log_in(visitor, name)
            self.is_asked(visitor, name)
            self.confirm(visitor)
            self.is_inside(visitor, name)

    def test_the_phone_lets_in(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        self.log_out(visitor)
        self.log_in(visitor, name)
        visitor.verify(visitor.wrong_code())
        self.is_asked(visitor, name)
        visitor.verify(visitor.code(30))  # the set-up has spent the code of now
        self.is_inside(visitor, name)

    def test_a001_the_answer_to_the_password_holds_nothing_of_the_app(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        again = self.in_a_new_browser(visitor, project)
        reply = self.log_in(again, name)
        assert reply.status == 403 or VERIFY in (reply.header("location") or ""), "the app's own answer came through"
        assert name not in reply.text
        self.is_asked(again, name)

    def test_a080_another_user_in_the_same_browser_is_asked(self, project: Project) -> None:
        (_, browser), (frank, elsewhere) = self.enrolled(project), self.enrolled(project)
        self.log_in(browser, frank)
        self.is_asked(browser, frank)
        browser.codes = elsewhere.codes
        self.confirm(browser)
        self.is_inside(browser, frank)

    def test_a079_log_out_ends_the_pass(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        before = dict(visitor.cookies)
        self.log_out(visitor)
        self.is_outside(visitor)
        kept = {key: value for key, value in before.items() if key.startswith("2fa-")}
        assert kept
        visitor.cookies |= kept
        self.log_in(visitor, name)
        visitor.cookies |= kept
        self.is_asked(visitor, name)

    def test_a081_the_pass_of_one_session_is_none_for_the_next(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        thief = self.in_a_new_browser(visitor, project)
        self.log_in(thief, name)
        self.is_asked(thief, name)
        thief.cookies |= {key: value for key, value in visitor.cookies.items() if key.startswith("2fa-pass")}
        if self.shows_session:
            self.is_asked(thief, name)
        else:
            self.is_inside(thief, name)

    def test_a077_other_sessions_are_asked_once_it_is_on(self, project: Project) -> None:
        name, first, second = project.newcomer(), project.browser(), project.browser()
        for browser in (first, second):
            self.log_in(browser, name)
            self.is_inside(browser, name)
        first.set_up()
        self.is_inside(first, name)
        self.is_asked(second, name)

    def test_our_own_log_out_logs_out_of_the_app(self, project: Project) -> None:
        name, visitor = self.enrolled(project)
        visitor.fill(visitor.go("/2fa/account"), "/logout")
        self.is_outside(visitor)
        self.log_in(visitor, name)
        self.is_asked(visitor, name)

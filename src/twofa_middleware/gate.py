"""One request's way to the app, and the app's answer on its way back.

    admit:    own page? → exempt? → who is logged in?  nobody: ``nobody.py``
              somebody: → pass valid? → remembered? → enrolled? → enforced?  (``somebody.py``)
    release:  has the answer logged somebody in or out? → may that login pass?  (``release.py``)

Each has two outcomes: on it goes, or an answer of ours. Whatever is raised becomes an answer in one place, ``refusals.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .asks import Count, Emit
from .browser.cookies import hide_ours
from .http import Allow, Answer, Headers, Request, Send
from .identify import CannotTell, Identified, Known, Nobody, identify
from .inserts.rules import InsertRule
from .lasting import still_passes, tell_of_end
from .letting_on import let_on_unseen
from .modes import let_by, unaltered
from .moments import begin, moment_of
from .nobody import admit_nobody
from .one_body import OneBody
from .outside import holds_something, session_outside, warn_of
from .pages import health, routes
from .pages.render import owned
from .policy.paths import asks_less
from .protocol import Event, Flow, IdentityResolver, Login, LoginWatcher
from .refusals import closed_on_error, not_told
from .release import lost, release
from .site import Site
from .somebody import admit_login
from .vouching import Ended, Untold, Verdict


class Gate:
    """Decides about the requests of one app. It holds no store and does no I/O; it asks."""

    def __init__(
        self,
        site: Site,
        resolvers: Sequence[tuple[str, IdentityResolver]],
        foreign_cookies: frozenset[bytes],
        inserts: tuple[InsertRule, ...] = (),
    ) -> None:
        """``foreign_cookies``: the session cookies of the realm's other apps."""
        self.site = site
        self.resolvers = tuple(resolvers)
        self._foreign_cookies = foreign_cookies
        self.inserts = inserts
        self.cookies_read = frozenset[bytes]().union(*(resolver.reads.cookies for _, resolver in resolvers))
        self.server_read = frozenset[str]().union(*(resolver.reads.server for _, resolver in resolvers))
        self.headers_read = frozenset[bytes]().union(*(resolver.reads.headers for _, resolver in resolvers))
        self.watchers = tuple(resolver for _, resolver in resolvers if isinstance(resolver, LoginWatcher))
        self.cookies_that_matter = self.cookies_read | site.credential_cookies | foreign_cookies
        self.withheld = frozenset[bytes]().union(*(watcher.withholds for watcher in self.watchers))
        """The cookies that the app does not get with a log-in."""
        self.depends_on_state = any(not resolver.pure for _, resolver in resolvers)
        lasts = [getattr(resolver, "cache_seconds", 0) for _, resolver in resolvers if not resolver.pure]
        self.cache_seconds: int | None = min(lasts, default=None)
        """For how long it may be remembered who is logged in; None: as long as the request's bytes are the same."""

    def admit(self, request: Request) -> Flow[Allow | Answer]:
        """May the request go on to the app?"""
        site = self.site
        if health.is_asked(site, request):
            return owned((yield from closed_on_error(site, request, health.answer(site, request))))
        if site.mode != "enforce":
            yield from site.warn("mode is not enforce", request.now, mode=site.mode)
        if site.mode == "off":
            return let_by(request)
        body = OneBody()
        outcome = yield from body.read_in(closed_on_error(site, request, self._admit(request)))
        if isinstance(outcome, Allow):
            yield from Count(site.name, "passed" if outcome.login else "anonymous")
            return body.handed_on(outcome if site.mode == "enforce" else unaltered(outcome, request))
        if site.mode == "report" and not routes.is_own(site, request) and not body.is_lost:
            return body.handed_on(let_by(request))
        return outcome

    def release(self, allow: Allow, status: int, headers: Headers) -> Flow[Send | Answer]:
        """May the app's answer go on to the browser? Asked where ``allow.must_release`` says so, before its first byte."""
        outcome = yield from closed_on_error(
            self.site, allow.request, release(self, allow, allow.state, status, headers)
        )
        return Send(headers) if isinstance(outcome, Answer) and self.site.mode == "report" else outcome

    def still_same(self, allow: Allow) -> Flow[bool]:
        """Whether a request is nobody else's than when it was admitted, now that its body was read."""
        identified = yield from self.identify(allow.request)
        if isinstance(identified, Nobody) and (allow.state.held or not lost(allow, identified.takes_out)):
            return True
        if isinstance(identified, Known) and allow.login and identified.login.user == allow.login.user:
            return True
        login = identified.login if isinstance(identified, Known) else None
        yield from self.site.emit("log-in appeared while a body was read", login, allow.request.now)
        return False

    def still_passes(self, allow: Allow, now: int) -> Flow[Verdict]:
        """May an open connection go on? Asked for as long as ``allow.is_watched`` says so of the head of its answer."""
        return still_passes(self, allow, now)

    def tell_of_end(self, allow: Allow, ended: Ended | Untold, now: int) -> Flow[None]:
        """To be asked once, when a connection is closed for what ``still_passes`` has said."""
        return tell_of_end(self, allow, ended, now)

    def identify(self, request: Request) -> Flow[Identified]:
        return identify(
            self.resolvers,
            request,
            credential_cookies=self.site.credential_cookies,
            foreign_cookies=self._foreign_cookies,
        )

    def _admit(self, request: Request) -> Flow[Allow | Answer]:
        site = self.site
        if routes.is_own(site, request):
            return owned((yield from self._own_page(request)))
        moment = yield from moment_of(site, request)
        outside = session_outside(request, self.server_read) if self.cookies_read else ""
        if outside:
            yield from warn_of(site, outside, request.now)
        # The app would know from a session outside of here who comes to an exempt path.
        if request.kind == "http" and asks_less(site.exempt, request) and not (moment.is_one or outside):
            return let_on_unseen(self, request)
        identified = yield from self.identify(request)
        if outside and isinstance(identified, Known | Nobody):
            withheld = self.withheld & request.cookies().keys() if moment.logs_in else frozenset[bytes]()
            if identified.takes_out & self.cookies_read | withheld and holds_something(request, outside):
                identified = CannotTell(f"the app knows a session, by {outside}, of a cookie that it must not get")
        match identified:
            case Known(login, by, takes_out, headers_out, refused):
                yield from self._tell_of_headers(request, headers_out)
                taken = takes_out | self.withheld if moment.logs_in else takes_out
                changes = hide_ours(request, taken) | dict.fromkeys(headers_out | refused)
                outcome = yield from admit_login(self, request, moment, login, by, changes)
            case Nobody(takes_out, headers_out, refused):
                yield from self._tell_of_headers(request, headers_out)
                if not request.is_safe:  # what the app does by it after all could not be taken back
                    headers_out, refused = headers_out | refused, frozenset()
                outcome = yield from admit_nobody(self, request, moment, takes_out, headers_out, bool(refused))
            case _:
                return (yield from not_told(self.site, request, identified))
        if isinstance(outcome, Allow) and moment.is_one:
            held = yield from begin(self.watchers, request, moment)
            return replace(outcome, state=replace(outcome.state, held=held))
        return outcome

    def _own_page(self, request: Request) -> Flow[Answer]:
        static = routes.serve_static(self.site, request)
        if static is not None:
            return static
        identified = yield from self.identify(request)
        match identified:
            case Known(login):
                return (yield from routes.serve(self.site, request, login))
            case Nobody():
                return routes.serve_nobody(self.site, request)
            case _:
                return (yield from not_told(self.site, request, identified))

    def _tell_of_headers(self, request: Request, headers_out: frozenset[bytes]) -> Flow[None]:
        for header in sorted(headers_out):
            yield from self.site.warn(
                "header of a peer that is not listed", request.now, header=header.decode("latin-1")
            )

    def tell_of_service_account(self, login: Login, request: Request) -> Flow[None]:
        event = Event("service account passed", request.now, self.site.name, login.user)
        yield from Emit(event, once_a_day=f"service {self.site.name} {login.user}")

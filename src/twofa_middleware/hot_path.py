"""The way of a request that was decided a moment ago: found by its bytes, it passes before anything is made of it.

What is remembered is a decision of the gate's, under all that it was made of: the bytes of the cookies and headers that
resolvers read, and our own pass among them. The paths, methods and queries on which a decision could be another one (own
pages, log-ins, strict paths, pages with controls, streams, whatever is spelt oddly) are told apart once for each path,
and always go the long way. So do WebSockets, and whoever brings an ``Authorization``.

Nothing here asks anything: ``near_cache.py`` says what still holds.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace

from .asks import Look, Seen
from .at_once import known_at_once, login_of_line
from .browser.cookies import hide_ours, is_ours
from .browser.kept import replace_cookies
from .gate import Gate
from .http import Allow, Headers, KnownPass, Request, set_cookies
from .identify import Known
from .policy.paths import may_override
from .protocol import Login, Reads
from .stores.near_cache import Mark, NearCache
from .ways import Way
from .which_way import way_of

MOST_PATHS = 4096
LONGEST_PATH = 512
LONGEST_LINE = 2048
"""Longer paths and Cookie headers go the long way each time: what is remembered has to stay small."""
CLOCK_SECONDS = 60
"""So far back may the clock go without everything being decided anew."""


@dataclass(slots=True, eq=False)
class Remembered:
    """``login``: the id of who is logged in. ``header`` and ``text``: the Cookie header that the app gets, if it gets one, as
    ASGI has it and as WSGI has it. Times are seconds since 1970."""

    known: KnownPass
    login: str
    header: tuple[tuple[bytes, bytes], ...]
    text: str | None
    since: int
    until: int
    ring: object

    @classmethod
    def of(cls, known: KnownPass, login: Login, cookie: bytes | None, now: int, ring: object) -> Remembered:
        header = () if cookie is None else ((b"cookie", cookie),)
        text = None if cookie is None else cookie.decode("latin-1")
        return cls(known, login.user, header, text, now - CLOCK_SECONDS, known.until, ring)


class HotPath:
    """What was decided for one app. It is asked by many threads; what it counts may be a few short."""

    def __init__(self, gate: Gate, near: NearCache) -> None:
        site = gate.site
        self.gate = gate
        self._near = near
        self.ways: dict[tuple[str, str, str], Way] = {}
        """What is known of paths, by the method, the path and the root as the server has them."""
        self._ring = site.sealer.live_ring
        also = [getattr(resolver, "remembered_by", Reads()) for _, resolver in gate.resolvers]
        self.reads_headers = gate.headers_read.union(*(reads.headers for reads in also))
        self.reads_server = tuple(sorted(gate.server_read.union(*(reads.server for reads in also))))
        self.reads_peer = any(reads.peer for reads in (*(one.reads for _, one in gate.resolvers), *also))
        self._reads_cookies_alone = not (self.reads_headers or self.reads_server or self.reads_peer)
        self.named = (b"2fa-", *sorted(gate.cookies_that_matter))
        self.pass_name = site.cookies.passes
        self._passed, self._anonymous = itertools.count(1), itertools.count(1)
        self._counts = {"passed": 0, "anonymous": 0}
        self._told = dict(self._counts)
        self._pid = os.getpid()

    # ---- before the app ---------------------------------------------------------------------------------------------

    def learn(self, request: Request, method: str, path: str, root: str) -> Way:
        """Look at a path, and remember it for the next request."""
        if len(method) + len(path) + len(root) > LONGEST_PATH:
            return Way.LONG
        if len(self.ways) >= MOST_PATHS:
            self.ways.clear()
        way = self.ways[method, path, root] = way_of(self.gate, request)
        return way

    def find(self, key: Hashable, now: float) -> Remembered | None:
        """What is remembered of a request's bytes."""
        found: Remembered | None = self._near.find(key)
        if found is None or not (found.since <= now < found.until and found.ring is self._ring.last):
            return None
        self._counts["passed"] = next(self._passed)
        return found

    def question(self, found: Remembered, now: float) -> Look:
        """What is asked of the store before a known request to a strict path goes on."""
        seen: Seen = found.known.seen
        return Look(found.known.user, seen.pass_row.digest if seen.pass_row else None, None, int(now), is_strict=True)

    def confirms(self, found: Remembered, seen: Seen) -> bool:
        """Whether the store still says what the decision was made of; when the pass was last used says nothing."""
        before: Seen = found.known.seen
        if seen.account != before.account or seen.pass_row is None or before.pass_row is None:
            return False
        return replace(seen.pass_row, used_at=0) == replace(before.pass_row, used_at=0)

    def is_nobodys(self, line: bytes) -> bool:
        """Whether a Cookie header holds nothing by which anybody could be known."""
        if line:
            for name in self.named:  # a loop is half as dear here as any() of a generator
                if name in line:
                    return False
        return True

    def matters(self, set_cookie: bytes) -> bool:
        """Whether an answer with this Set-Cookie has to be looked at."""
        name = set_cookie.partition(b"=")[0].strip(b" \t")
        return name in self.gate.cookies_read or is_ours(name)

    def passes_nobody(self) -> None:
        """Another request was nobody's."""
        self._counts["anonymous"] = next(self._anonymous)

    def take_counts(self) -> dict[str, int]:
        """What has passed since this was last asked, by the names of ``twofa status``. A forked child begins with its first
        question: what its parent has not told yet, the parent tells."""
        told, self._told = self._told, dict(self._counts)
        if self._pid != os.getpid():
            self._pid = os.getpid()
            return {}
        app = self.gate.site.name
        return {f"{app} {name}": count - told[name] for name, count in self._told.items() if count > told[name]}

    # ---- after a decision -------------------------------------------------------------------------------------------

    def mark(self) -> Mark | None:
        """To be taken before a request is decided the long way."""
        return self._near.mark()

    def keep(self, mark: Mark | None, key: Hashable, allow: Allow) -> None:
        """Remember a decision under the request's bytes."""
        known = allow.known
        if mark is None or known is None or allow.login is None or not allow.changes.keys() <= {b"cookie"}:
            return
        self._near.vouch(mark)
        for one in (key, self._key_of_pass(allow.request)):
            self._keep(mark, one, known, allow.login, allow.changes, allow.request)

    def changed(self, allow: Allow) -> None:
        """The app is about to be called, or was, with what may change whose the cookies are where that is remembered."""
        may_change = not allow.request.is_safe or may_override(allow.request)
        if allow.login is not None and self.gate.cache_seconds and may_change:
            self._near.forget(self.gate.site.user_key(allow.login))

    def recognise(self, request: Request, key: Hashable) -> Remembered | None:
        """The same pass and log-in in other bytes: an app may sign its cookie anew with every answer, and others may add
        theirs. It costs what the resolvers cost."""
        if self._near.has(key):  # but it does not hold, or it is this request's turn to ask the store
            return None
        mark = self._near.mark()
        found: Remembered | None = self._near.find(self._key_of_pass(request))
        if mark is None or found is None or not self._holds(found, request.now) or self.gate.depends_on_state:
            return None
        who = known_at_once(self.gate, request)
        if who is None or (who.login.user, who.login.session) != (found.login, found.known.session):
            return None
        self._remember(mark, key, request, who, found)
        return self.find(key, request.now)

    def goes_on(
        self, line: bytes, key: Hashable, now: float, headers: Headers, key_of: Callable[[bytes], Hashable]
    ) -> bool:
        """Whether the answer to what ``find`` knew sets cookies of the session and is of the same log-in still; if not, it
        has to be decided about. The browser's next request is known then. ``line``: the Cookie header of this request, and
        ``key_of`` the key of another one."""
        mark = self._near.mark()
        found: Remembered | None = self._near.find(key)
        if mark is None or found is None or not self._holds(found, now) or not self._reads_cookies_alone:
            return False
        sets = set_cookies(headers)
        values = dict(sets)
        if len(values) != len(sets) or not all(values.values()) or any(is_ours(name) for name in values):
            return False
        line = replace_cookies(line, values)
        login = login_of_line(self.gate, line, int(now)) if len(line) <= LONGEST_LINE else None
        if login is None or (login.user, login.session) != (found.login, found.known.session):
            return False
        ends = found.until if login.expires is None else min(found.until, login.expires)
        cookie = replace_cookies(found.header[0][1] if found.header else b"", values)
        known = KnownPass(found.known.user, login.session, ends, found.known.seen)
        self._near.keep(mark, known.user, key_of(line), Remembered.of(known, login, cookie, int(now), found.ring))
        return True

    def _holds(self, found: Remembered, now: float) -> bool:
        return found.since <= now < found.until and found.ring is self._ring.last

    def _remember(self, mark: Mark, key: Hashable, request: Request, who: Known, found: Remembered) -> None:
        ends = found.known.until if who.login.expires is None else min(found.known.until, who.login.expires)
        changes = hide_ours(request, who.takes_out)
        self._keep(mark, key, replace(found.known, until=ends), who.login, changes, request)

    def _keep(
        self,
        mark: Mark,
        key: Hashable,
        known: KnownPass,
        login: Login,
        changes: Mapping[bytes, bytes | None],
        request: Request,
    ) -> None:
        if len(request.header_line(b"cookie")) > LONGEST_LINE:
            return
        cookie = changes.get(b"cookie", request.header_line(b"cookie") or None)
        self._near.keep(mark, known.user, key, Remembered.of(known, login, cookie, request.now, self._ring.last))

    def _key_of_pass(self, request: Request) -> Hashable:
        return ("pass", *request.cookies().get(self.pass_name, []))

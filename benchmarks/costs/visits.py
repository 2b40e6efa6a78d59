"""What a case's browser sends: made before it is timed, since cookies that are rewritten are other ones each time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyotp

from .asgi_apps import KEY
from .browser import headers
from .cases import Case
from .realm import Realm, people, session_cookie

CODE_SECONDS = 30
LEFT_SECONDS = 3.0
"""So long, at least, is a code good yet when a round begins: two-fast-auth takes that of the present half minute alone."""
OLDEST_SECONDS = 20 * 86400
"""Session cookies that were rewritten are as old as this, or younger: each second of it makes another one."""

Sent = tuple[tuple[str, str], ...]


@dataclass
class Visits:
    """The headers of requests. ``cookies``: the whole line, by store or by what stands in front (Django). ``permanent``: the
    pass cookie that goes with a session that is rewritten, by store."""

    cookies: dict[str, str]
    permanent: dict[str, str]
    _seconds: Iterator[int] = field(default_factory=lambda: itertools.count(int(time.time()) - OLDEST_SECONDS))

    @classmethod
    def at(cls, realms: dict[str, Realm]) -> Visits:
        """Of a person who has a pass in each of the realms."""
        now = int(time.time())
        once = {name: people(realm, [session_cookie("u1", now)])[0] for name, realm in realms.items()}
        permanent = {
            name: people(realm, [session_cookie("u2", now, is_permanent=True)])[0].partition("; ")[2]
            for name, realm in realms.items()
        }
        return cls(once, permanent)

    def one(self, case: Case) -> Sent:
        """The headers of a case whose cookie stays the same; for others, those of the first request."""
        if case.person == "anonymous":
            return headers("")
        if case.rewrites:
            return headers(f"{self.rewritten()}; {self.permanent[case.store]}")
        more = (("x-2fa-code", fresh_code()),) if case.wrap == "two_fast_auth" else ()
        return headers(self.cookies.get(case.wrap) or self.cookies[case.store], *more)

    def many(self, case: Case, count: int) -> tuple[list[Sent], list[str]]:
        """The headers of so many requests, and the cookie that the app's answer to each sets."""
        if not case.rewrites:
            return [self.one(case)] * count, []
        sessions = [self.rewritten() for _ in range(count + 1)]
        sent = [headers(f"{session}; {self.permanent[case.store]}") for session in sessions[:-1]]
        return sent, [f"{session}; Path=/; HttpOnly" for session in sessions[1:]]

    def rewritten(self) -> str:
        """A permanent session's cookie, signed one second later than the last."""
        return session_cookie("u2", next(self._seconds), is_permanent=True)


def fresh_code() -> str:
    """A code that lasts for a round; it may have to be waited for."""
    left = CODE_SECONDS - time.time() % CODE_SECONDS
    if left < LEFT_SECONDS:
        time.sleep(left + 0.01)
    return pyotp.TOTP(KEY).now()

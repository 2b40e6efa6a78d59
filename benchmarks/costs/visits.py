"""What a case's browser sends: made before it is timed, since cookies that are rewritten are other ones each time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyotp

from .asgi_apps import KEY
from .browser import headers
from .cases import TWO_FAST_AUTH, Case
from .realm import Realm, people, session_cookie

CODE_SECONDS = 30
LEFT_SECONDS = 3.0
"""So long, at least, is a code good yet when a round begins: two-fast-auth takes that of the present half minute alone."""
MOST_REWRITTEN = 2_000
"""As many cookies as are signed for one batch."""
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
        more = (("x-2fa-code", pyotp.TOTP(KEY).now()),) if case.wrap == TWO_FAST_AUTH else ()
        return headers(self.cookies.get(case.wrap) or self.cookies[case.store], *more)

    def many(self, case: Case, count: int) -> tuple[list[Sent], list[str]]:
        """The headers of so many requests, or of fewer, and the cookie that the app's answer to each sets."""
        if not case.rewrites:
            return [self.one(case)] * count, []
        sessions = [self.rewritten() for _ in range(min(count, MOST_REWRITTEN) + 1)]
        sent = [headers(f"{session}; {self.permanent[case.store]}") for session in sessions[:-1]]
        return sent, [f"{session}; Path=/; HttpOnly" for session in sessions[1:]]

    def rewritten(self) -> str:
        """A permanent session's cookie, signed one second later than the last."""
        return session_cookie("u2", next(self._seconds), is_permanent=True)


def seconds_to_wait(case: Case) -> float:
    """Until a round of the case may begin: so that the code that it sends lasts for all of it."""
    left = CODE_SECONDS - time.time() % CODE_SECONDS
    return left + 0.01 if case.wrap == TWO_FAST_AUTH and left < LEFT_SECONDS else 0.0

"""A door of the app's: paths at which it takes an Authorization header, and a page of the door that shows whether it does.

The page has to answer 401 without the header, which is looked at again once a minute, and with success if the app takes
the header. A header that the app refuses is *read and refused*: it goes on, so that the app gives its own 401, and if the
app then takes it after all, the answer is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..app_page import Question
from ..asks import AppAnswer
from ..errors import AppUnreadable, ConfigError
from ..http import Request
from ..policy.paths import PathRule, is_plain
from ..protocol import Anonymous, Flow, PluginContext

AUTHORIZATION = b"authorization"
UNREAD = Anonymous(unread=frozenset({AUTHORIZATION}))
REFUSED = Anonymous(refused=frozenset({AUTHORIZATION}))
CHECK_SECONDS = 60


class Paths:
    """Where a header is read: at the configured paths, and at our own pages."""

    def __init__(self, texts: Iterable[str], context: PluginContext, where: str) -> None:
        try:
            self._rules = tuple(PathRule.parse(text) for text in texts)
        except ConfigError as error:
            raise ConfigError(f"{where}: paths: {error}") from None
        self._prefix = context.prefix

    def lead_here(self, request: Request) -> bool:
        """Only a path that can be read in one way: with another the app may be at another of its doors."""
        if not is_plain(request):
            return False
        own = request.path == self._prefix or request.path.startswith(self._prefix + "/")
        return own or any(rule.matches(request.method, request.path) for rule in self._rules)


class Door:
    """Asks the page of the door."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._closed_at: int | None = None

    def ask(self, request: Request, value: bytes) -> Flow[AppAnswer | None]:
        """What the page answers to the header, or None where it refuses it; AppUnreadable where it cannot be told."""
        yield from self._check_closed(request)
        answer = yield from self._question.ask(request, ((AUTHORIZATION, value),), turn=(value,))
        if answer.status == 401:
            return None
        if not 200 <= answer.status < 300:
            raise AppUnreadable(f"the door's page {self._question.page} answered {answer.status}, neither 2xx nor 401")
        return answer

    def _check_closed(self, request: Request) -> Flow[None]:
        """A page that everybody gets would let everybody be whoever they say they are."""
        if self._closed_at is not None and 0 <= request.now - self._closed_at < CHECK_SECONDS:
            return
        answer = yield from self._question.ask(request, ())
        if answer.status != 401:
            self._closed_at = None
            raise AppUnreadable(
                f"the door's page {self._question.page} answered {answer.status} without the header; it is no door"
            )
        self._closed_at = request.now

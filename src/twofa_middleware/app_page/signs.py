"""By what a page shows that nobody is logged in: a status, with the place that it leads to or something in its body.

An app has many ways to fail, and few of them mean nobody. So a redirect alone is no sign (it may lead to "your password
has expired"), and neither is an answer 200 alone, one that is too busy, or one that has failed.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Meta

from ..asks import AppAnswer
from ..errors import ConfigError
from ..http import Request
from .facts import check_path, fact_at, parse_json, pattern_of, text_of

_NEVER_A_SIGN = frozenset({408, 425, 429})


class AnonymousOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that is named has to be so. ``status``: of the answer. ``location``: where it leads to, as a path with the
    mount in it or a whole address, without the query. ``null``, ``false``: what is null or false at this path into the
    JSON. ``pattern``: what the text has in it, a regular expression without groups."""

    status: Annotated[int, Meta(ge=200, le=499)]
    location: str | None = None
    null: str | None = None
    false: str | None = None
    pattern: str | None = None


class Sign:
    """One way in which a page says that nobody is logged in."""

    def __init__(self, options: AnonymousOptions, format: Literal["json", "text"], where: str) -> None:
        status = options.status
        if status in _NEVER_A_SIGN:
            raise ConfigError(f"{where}: status = {status} says that the app has no time, not that nobody is logged in")
        if 300 <= status < 400 and options.location is None:
            raise ConfigError(f'{where}: a redirect is a sign only with its location, such as location = "/login"')
        if options.location is not None and not 300 <= status < 400:
            raise ConfigError(f"{where}: location belongs to a redirect, and status = {status} is none")
        in_body = [one for one in (options.null, options.false, options.pattern) if one is not None]
        if status < 300 and not in_body:
            raise ConfigError(
                f"{where}: status = {status} is that of a login, too; say what the body shows, by null, false or pattern"
            )
        if (options.pattern is not None) != (format == "text") and in_body:
            raise ConfigError(f'{where}: null and false go with format = "json", pattern with format = "text"')
        for key in ("null", "false"):
            if (path := getattr(options, key)) is not None:
                check_path(path, f"{where}: {key}")
        self._pattern = None if options.pattern is None else pattern_of(options.pattern, f"{where}: pattern", groups=0)
        self._options = options

    def holds(self, answer: AppAnswer, request: Request, page: str) -> bool:
        """Whether the answer to ``page`` shows the sign."""
        options = self._options
        if answer.status != options.status:
            return False
        if options.location is not None and not _leads_to(options.location, answer, request, page):
            return False
        try:
            if self._pattern is not None and not self._pattern.search(text_of(answer)[0]):
                return False
            if options.null is not None and fact_at(parse_json(answer), options.null) is not None:
                return False
            return options.false is None or fact_at(parse_json(answer), options.false) is False
        except ValueError:
            return False


def _leads_to(wanted: str, answer: AppAnswer, request: Request, page: str) -> bool:
    """Whether a redirect leads to the path on this host, or to the whole address."""
    places = [value.decode("latin-1") for name, value in answer.headers if name == b"location"]
    if len(places) != 1:
        return False
    host = (request.header(b"host") or b"").decode("latin-1")
    try:
        here = urlsplit(urljoin(f"http://{host}{request.quoted_root}{page}", places[0]))
        there = urlsplit(wanted)
    except ValueError:
        return False
    if there.netloc:
        return (here.scheme, here.netloc, here.path) == (there.scheme, there.netloc, there.path)
    return here.netloc == host and here.path == there.path

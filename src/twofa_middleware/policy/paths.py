"""The one path language of the settings: ``GET,POST /shop/{name}/edit``, ``ANY /admin/**``.

A rule is one or more methods or ``ANY``, then an exact path; ``{part}`` stands for one segment, a closing ``/**`` for all
that lies below. Paths are the app's own, decoded, without SCRIPT_NAME or root_path; queries and headers never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ConfigError
from ..http import Request

_RULE = re.compile(r"(?P<methods>ANY|[A-Z][A-Z-]*(?:,[A-Z][A-Z-]*)*) (?P<path>/\S*)")
# fmt: off
REGISTERED = frozenset({
    "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LABEL",
    "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "OPTIONS",
    "ORDERPATCH", "PATCH", "POST", "PROPFIND", "PROPPATCH", "PUT", "REBIND", "REPORT", "SEARCH", "TRACE", "UNBIND",
    "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
})
# fmt: on
"""The methods of RFC 9110 §9 and those that RFC 7237 registers: PATCH, and those of WebDAV and its kin."""
_SEGMENT = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]+")
OVERRIDES = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})
"""Headers by which some apps let a request say that its method is another."""
_PART = re.compile(r"\{[a-z_][a-z0-9_]*\}")


@dataclass(frozen=True, slots=True)
class PathRule:
    """One rule, compiled: its methods (empty: any) and the pattern of a plain path."""

    text: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    _folded: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathRule:
        found = _RULE.fullmatch(text)
        if not found:
            raise ConfigError(
                f'"{text}" is no path rule; write such as "GET /static/**", "POST /login", "ANY /a/{{part}}"'
            )
        path = found["path"]
        below = path.endswith("/**")
        segments = path.removesuffix("/**").split("/")[1:]
        closing_slash = bool(segments) and segments[-1] == "" and not below
        pattern = "".join("/" + cls._segment(part, text) for part in (segments[:-1] if closing_slash else segments))
        pattern += "/.*" if below else "/" if closing_slash else ""
        methods = frozenset() if found["methods"] == "ANY" else frozenset(found["methods"].split(","))
        try:
            compiled = re.compile(pattern, re.DOTALL)
            folded = re.compile(pattern, re.DOTALL | re.IGNORECASE)
        except re.error:
            raise ConfigError(f'"{text}": two segments have the same name') from None
        return cls(text, methods | ({"HEAD"} if "GET" in methods else set()), compiled, folded)

    @staticmethod
    def _segment(part: str, text: str) -> str:
        if _PART.fullmatch(part):
            return f"(?P<{part[1:-1]}>[^/]+)"
        if "*" in part or not _is_plain_segment(part):
            raise ConfigError(
                f'"{text}": the segment "{part}" is neither plain text nor {{part}}; "/**" may only stand at the end'
            )
        return re.escape(part)

    @property
    def unregistered(self) -> tuple[str, ...]:
        """The methods of the rule that no RFC knows: an app may have its own, or it is a slip of the pen."""
        return tuple(sorted(self.methods - REGISTERED))

    def matches(self, method: str, path: str) -> bool:
        return (not self.methods or method in self.methods) and self.pattern.fullmatch(path) is not None

    def may_match(self, method: str | None, path: str) -> bool:
        """Whether an app that folds cases, or takes a path with a closing slash for one without, may see a match; by
        whatever method, if None."""
        if method is not None and self.methods and method.upper() not in self.methods:
            return False
        return any(self._folded.fullmatch(one) for one in (path, path + "/", path.rstrip("/")))

    def parts(self, path: str) -> dict[str, str]:
        """The segments of a matching path that the rule names."""
        found = self.pattern.fullmatch(path)
        return found.groupdict() if found else {}


def is_plain(request: Request) -> bool:
    """Whether the path is in the one form that nobody can read in two ways: no escapes, dots, doubled slashes, ``;``."""
    if request.raw_path is not None and b"%" in request.raw_path:
        return False
    segments = request.path.split("/")
    if segments[0] != "" or len(segments) < 2:
        return False
    return all(_is_plain_segment(part) for part in segments[1:-1]) and (
        segments[-1] == "" or _is_plain_segment(segments[-1])
    )


def _is_plain_segment(part: str) -> bool:
    return part not in (".", "..") and _SEGMENT.fullmatch(part) is not None


def asks_more(rules: Sequence[PathRule], request: Request) -> bool:
    """Whether a rule that demands something holds: for the path, and for every odd one, which may be read as that path."""
    if not rules:
        return False
    method = None if may_override(request) else request.method
    return any(rule.may_match(method, request.path) for rule in rules) or not is_plain(request)


def may_override(request: Request) -> bool:
    """Whether an app may take the method from a header or from the query, and not as it was sent."""
    if any(name in OVERRIDES for name, _ in request.headers):
        return True
    return b"method" in request.query.lower() or b"%" in request.query


def asks_less(rules: Iterable[PathRule], request: Request) -> bool:
    """Whether a rule that exempts holds: only for GET and HEAD, only for a plain path."""
    return (
        request.method in ("GET", "HEAD")
        and is_plain(request)
        and any(rule.matches(request.method, request.path) for rule in rules)
    )

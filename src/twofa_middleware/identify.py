"""Who is logged in, by all enabled resolvers together, and what the app must therefore not get.

All are asked, always: the app may know more doors than one, and two people behind one request is an attack. First wins:

1. ``Conflicting``  a cookie or header that a resolver reads came twice, or so that two parsers may differ about it
2. ``CannotTell``   a resolver raised
3. ``Conflicting``  two resolvers name different users
4. ``CannotTell``   a resolver answered ``Unknown``, or nothing that can be used
5. ``Unclaimed``    there is an Authorization header that no resolver has read
6. ``Known``        the first ``Login`` in configured order
7. ``Nobody``

The app gets no credential that nobody has read: ``takes_out`` names the cookies to take out before it is called, and
``headers_out`` the headers. ``refused`` are headers by which the app itself, when it was asked, knew nobody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

from .browser.cookies import hide_ours
from .http import Request
from .protocol import Anonymous, Flow, Identity, IdentityResolver, Login, Reads, Unknown, user_id

AUTHORIZATION = b"authorization"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody is logged in; ``by`` is the configured name of the resolver that said so first."""

    login: Login
    by: str
    takes_out: frozenset[bytes]
    headers_out: frozenset[bytes] = frozenset()
    refused: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Nobody:
    """No resolver found anybody."""

    takes_out: frozenset[bytes]
    headers_out: frozenset[bytes] = frozenset()
    refused: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A resolver failed or could not tell: 503. ``reason`` and ``error`` are for the event, not for users."""

    reason: str
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Conflicting:
    """The request can be read as two people's: 400. ``reason`` is for the event."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """An Authorization header that no resolver has read: 403, whoever is logged in besides."""


Identified: TypeAlias = Known | Nobody | CannotTell | Conflicting | Unclaimed


def identify(
    resolvers: Sequence[tuple[str, IdentityResolver]],
    request: Request,
    *,
    credential_cookies: frozenset[bytes],
    foreign_cookies: frozenset[bytes],
) -> Flow[Identified]:
    """Ask every resolver, each with its configured name, and say what they say together.

    ``credential_cookies`` log people in (remember-me and the like), ``foreign_cookies`` are the sessions of the realm's
    other apps: unless a resolver has read them, the app does not get them.
    """
    all_reads = [resolver.reads for _, resolver in resolvers]
    cookies = request.cookies()
    kept_back = credential_cookies | foreign_cookies
    doubt = _doubled_cookie(request, cookies, all_reads, kept_back)
    doubt = doubt or _doubled_header(request, all_reads)
    if doubt:
        return Conflicting(doubt)

    # A resolver sees what the app will see: nothing of ours, and no credential that is taken out whatever is found.
    hidden = hide_ours(request, kept_back.difference(*(reads.cookies for reads in all_reads)))
    asked = request.with_headers(hidden) if hidden else request
    answers: list[tuple[str, Reads, Identity]] = []
    failure: CannotTell | None = None
    for name, resolver in resolvers:
        try:
            answer = _checked((yield from resolver.resolve(asked)))
        except Exception as error:
            # The others are still asked, so that what they ask for does not depend on who fails.
            failure = failure or CannotTell(f"{name} failed: {type(error).__name__}", error)
        else:
            answers.append((name, resolver.reads, answer))
    if failure is not None:
        return failure

    logins = [(name, answer) for name, _, answer in answers if isinstance(answer, Login)]
    if len({login.user for _, login in logins}) > 1:
        return Conflicting(f"different users by {' and '.join(name for name, _ in logins)}")
    for name, _, answer in answers:
        if isinstance(answer, Unknown):
            return CannotTell(f"{name}: {answer.reason}")

    if request.values(AUTHORIZATION) and not any(
        AUTHORIZATION in reads.headers - _unread(a) for _, reads, a in answers
    ):
        return Unclaimed()
    claimed = frozenset[bytes]().union(*(reads.cookies - _unread(answer) for _, reads, answer in answers))
    unread = frozenset[bytes]().union(*(_unread(answer) for _, _, answer in answers))
    takes_out = ((unread | kept_back) & cookies.keys()) - claimed
    refused = frozenset[bytes]().union(*(answer.refused for _, _, answer in answers if isinstance(answer, Anonymous)))
    headers_out = _headers_out(request, answers)
    if not logins:
        return Nobody(takes_out, headers_out, refused)
    by, login = logins[0]
    # They agree only for as long as each of them would say so.
    expires = min((other.expires for _, other in logins if other.expires is not None), default=None)
    return Known(replace(login, expires=expires), by, takes_out, headers_out, refused)


def says_same(a: Login | None, b: Login | None) -> bool:
    """Whether both are the same log-in: the same user and session, or nobody twice."""
    if a is None or b is None:
        return a is b
    return a.user == b.user and a.session == b.session


def _unread(answer: Identity) -> frozenset[bytes]:
    return answer.unread if isinstance(answer, Anonymous) else frozenset()


def _headers_out(request: Request, answers: Iterable[tuple[str, Reads, Identity]]) -> frozenset[bytes]:
    """The headers that a resolver could make nothing of, and that no other has read."""
    read, unread = set[bytes](), set[bytes]()
    for _, reads, answer in answers:
        unread |= reads.headers & _unread(answer)
        read |= reads.headers - _unread(answer)
    return frozenset((unread - read) & {name for name, _ in request.headers})


def _checked(answer: object) -> Identity:
    """The answer of a resolver, which may be anybody's plugin: a login is a checked one, anything odd is Unknown."""
    if isinstance(answer, Anonymous | Unknown):
        return answer
    if not isinstance(answer, Login):
        return Unknown(f"it answered {type(answer).__name__}")
    try:
        user = user_id(answer.user)
    except ValueError as error:
        return Unknown(str(error))
    texts: tuple[object, ...] = ("" if answer.session is None else answer.session, answer.label, answer.email)
    if not all(_is_text(text) for text in texts):
        return Unknown("session, label and email of a login are text")
    if answer.expires is not None and not isinstance(answer.expires, int):
        return Unknown(f"a login expires at an int, not {type(answer.expires).__name__}")
    return replace(answer, user=user)


def _is_text(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# ---- what can be read in two ways -----------------------------------------------------------------------------------


def _doubled_cookie(
    request: Request, cookies: Mapping[bytes, list[bytes]], all_reads: Iterable[Reads], kept_back: frozenset[bytes]
) -> str | None:
    """Why the cookies cannot be believed: one that is read came twice, or an app's parser may find one more than ours.

    Starlette and Django strip any Unicode space from a name (``\\xa0session=…``), Python's SimpleCookie also ends a
    cookie at a space, some servers join two Cookie headers with a comma. We would call such a request anonymous and the
    app would log it in. No browser sends it, so nothing is guessed: it is refused. The same holds for cookies that are
    to be taken out: by such a name they would stay in.
    """
    read = frozenset[bytes]().union(*(reads.cookies for reads in all_reads))
    for name in read:
        if len(cookies.get(name, ())) > 1:
            return f"the cookie {name.decode('latin-1')} came twice"
    if watched := read | kept_back:
        found = Counter(_places(watched).findall(request.header_line(b"cookie")))
        for name, times in found.items():
            if times > len(cookies.get(name, ())):
                return f"the cookie {name.decode('latin-1')} is written oddly"
    return None


@lru_cache(maxsize=64)
def _places(names: frozenset[bytes]) -> re.Pattern[bytes]:
    """Wherever any parser may see one of the names as a cookie's: not inside a word, and before an equals sign."""
    either = b"|".join(re.escape(name) for name in sorted(names))
    return re.compile(rb'(?<![^\x00-\x20",;\x7f-\xff])(' + either + rb')[\x00-\x20"\x7f-\xff]*=')


def _doubled_header(request: Request, all_reads: Iterable[Reads]) -> str | None:
    """Why the headers cannot be believed: one that is read came twice, or with ``_`` for ``-``, which CGI takes as one."""
    read = frozenset[bytes]().union(*(reads.headers for reads in all_reads))
    if not read:
        return None
    twins = {name.replace(b"_", b"-") for name in read}
    sent = Counter(key for key, _ in request.headers if key.replace(b"_", b"-") in twins)
    for name, times in sent.items():
        if times > 1:
            return f"the header {name.decode('latin-1')} came twice"
        if name not in read:
            return f"the header {name.decode('latin-1')} is written oddly"
    return None

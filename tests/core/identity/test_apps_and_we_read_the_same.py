"""Whatever stands in a Cookie header: no app finds somebody in it whom we have not found (attack 26)."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha1
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from itsdangerous import BadData, URLSafeTimedSerializer

from core.identity.asking import SECRET, flask_cookie, identified, resolve, signed_cookie, with_cookie
from twofa_middleware.http import without_cookies
from twofa_middleware.identify import Known, Nobody
from twofa_middleware.identity.signed_cookie import SignedCookie
from twofa_middleware.protocol import Login

ADA, BEA = flask_cookie({"user_id": "ada"}), flask_cookie({"user_id": "bea"})
SESSION = frozenset({b"session"})
WHOLE = [b"session=" + ADA, b"session=" + BEA, b"; session=" + ADA, b";session=" + BEA, b'session="' + ADA]
ODD = [ADA, b"session", b"=", b";", b"; ", b" ", b'"', b",", b"\\", b"\xa0", b"\x0b", b"\x85", b"\xe2\x80\x83", b"x=1"]

often = settings(max_examples=300, deadline=None)  # how long one takes depends on the machine
lines = st.lists(st.sampled_from(WHOLE) | st.sampled_from(ODD) | st.binary(max_size=2), max_size=8).map(b"".join)


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> SignedCookie:
    return signed_cookie(tmp_path_factory.mktemp("app"))


# ---- the cookie "session" as different apps would read it -----------------------------------------------------------


def as_simple_cookie_reads(line: bytes) -> list[str]:
    """Python's own parser: Bottle, aiohttp and many an app."""
    try:
        found = SimpleCookie(line.decode("latin-1"))
    except CookieError:
        return []
    return [found["session"].value] if "session" in found else []


def as_stripping_apps_read(line: bytes) -> list[str]:
    """Starlette and Django: any Unicode space is stripped, quotes and backslashes are undone, the last one counts."""
    values = []
    for encoding in ("latin-1", "utf-8"):
        for part in line.decode(encoding, "replace").split(";"):
            name, _, value = part.partition("=")
            if name.strip() == "session":
                values.append(unquoted(value.strip()))
    return values


def as_strict_apps_read(line: bytes) -> list[str]:
    """Werkzeug: a quoted value may hold semicolons; what does not fit the grammar is skipped."""
    text, place, values = line.decode("latin-1"), 0, []
    cookie = re.compile(r'[ \t]*([^ \t=";]+)(?:[ \t]*=[ \t]*("(?:[^\\"]|\\.)*"|[^ \t";]*))?[ \t]*(?:;|\Z)')
    while place < len(text):
        if found := cookie.match(text, place):
            place = found.end()
            if found[1] == "session":
                values.append(unquoted(found[2] or ""))
        else:
            place = text.find(";", place) + 1 or len(text)
    return values


def unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return re.sub(r"\\([0-3][0-7]{2}|.)", lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else m[1], value[1:-1])


APPS: list[Callable[[bytes], list[str]]] = [as_simple_cookie_reads, as_stripping_apps_read, as_strict_apps_read]


def users_that_apps_find(line: bytes) -> set[str]:
    serializer = URLSafeTimedSerializer(
        SECRET, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": sha1}
    )
    users = set()
    for read in APPS:
        for value in read(line):
            try:
                users.add(serializer.loads(value)["user_id"])
            except BadData:
                continue
    return users


# ---- what must hold -------------------------------------------------------------------------------------------------


@often
@given(line=lines | st.binary())
@example(line=b"session=" + ADA)
@example(line=b"\xa0session=" + ADA)
@example(line=b"x=1 session=" + ADA)
@example(line=b'session="' + b"".join(b"\\%03o" % byte for byte in ADA) + b'"')
@example(line=b'session="' + ADA + b'"')
@example(line=b'x="; session=' + ADA + b'; y="; \x0bsession=' + BEA)
@example(line=b"session=" + ADA + b" session=" + BEA)
@example(line=b"session=" + ADA[:-4] + b"%" + ADA[-4:])
def test_a026_an_app_finds_the_user_that_we_found_or_nobody(resolver: SignedCookie, line: bytes) -> None:
    found = identified(with_cookie(line), resolver)
    if isinstance(found, Known | Nobody):
        ours = {found.login.user} if isinstance(found, Known) else set()
        assert users_that_apps_find(without_cookies(line, found.takes_out)) <= ours


@often
@given(line=lines)
@example(line=b"\xa0session=" + ADA)
@example(line=b"x=1,session=" + ADA)
def test_a026_a_session_that_is_kept_from_the_app_is_found_by_no_app(line: bytes) -> None:
    for kept_back in ({"foreign_cookies": SESSION}, {"credential_cookies": SESSION}):
        none: dict[str, frozenset[bytes]] = {"foreign_cookies": frozenset(), "credential_cookies": frozenset()}
        found = identified(with_cookie(line), **(none | kept_back))
        if isinstance(found, Nobody):
            assert users_that_apps_find(without_cookies(line, found.takes_out)) == set()


@often
@given(line=lines | st.binary())
@example(line=b"session=" + ADA + b"=")
@example(line=b"session; session=" + ADA)
@example(line=b"session=" + ADA[:-1] + bytes([ADA[-1] ^ 1]))
def test_a026_only_the_exact_signed_value_is_a_login(resolver: SignedCookie, line: bytes) -> None:
    found = resolve(resolver, with_cookie(line))
    if isinstance(found, Login):
        parts = [part.partition(b"=") for part in line.split(b";")]
        sent = [value.strip(b" \t") for name, equals, value in parts if equals and name.strip(b" \t") == b"session"]
        assert sent == [{"ada": ADA, "bea": BEA}[found.user]]


def test_the_models_of_apps_find_what_was_sent(tmp_path: Path) -> None:
    assert users_that_apps_find(b"x=1; session=" + ADA) == {"ada"}
    assert all(read(b"x=1; session=" + ADA) for read in APPS)
    assert as_stripping_apps_read(b"\xa0session=v")
    assert as_simple_cookie_reads(b"x=1 session=v") == ["v"]
    assert as_strict_apps_read(b'session="\\166"') == ["v"]

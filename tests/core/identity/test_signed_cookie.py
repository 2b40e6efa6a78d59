from __future__ import annotations

import tracemalloc
import zlib
from base64 import urlsafe_b64encode
from pathlib import Path

import msgspec
import pytest

from core.identity.asking import (
    NOW,
    SECRET,
    context,
    flask_cookie,
    options,
    own_cookie,
    request,
    resolve,
    signed_cookie,
    signer_at,
    starlette_cookie,
    with_cookie,
)
from twofa_middleware.errors import ConfigError
from twofa_middleware.identity.signed_cookie import SignedCookie
from twofa_middleware.identity.signed_values import LONGEST_VALUE_BYTES
from twofa_middleware.protocol import Anonymous, IdentityResolver, Login, Reads, Unknown

UNREAD = Anonymous(unread=frozenset({b"session"}))
FLASK_AGE = 31 * 86400
STARLETTE_AGE = 14 * 86400


def test_a_flask_session_names_its_user(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path)
    assert resolve(resolver, with_cookie(b"session=" + flask_cookie({"user_id": 7}))) == Login(
        "7", expires=NOW + FLASK_AGE
    )


def test_a_compressed_flask_session_is_read(tmp_path: Path) -> None:
    cookie = flask_cookie({"basket": "x" * 500, "user_id": "7"})
    assert cookie.startswith(b".")
    assert resolve(signed_cookie(tmp_path), with_cookie(b"session=" + cookie)) == Login("7", expires=NOW + FLASK_AGE)


def test_a_starlette_session_names_its_user(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, format="starlette")
    cookie = starlette_cookie({"user_id": "ada", "x": "??>>"})  # makes both + or / and padding likely
    assert resolve(resolver, with_cookie(b"session=" + cookie)) == Login("ada", expires=NOW + STARLETTE_AGE)


def test_an_apps_own_serializer_is_read_with_its_salt_and_age(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, format="itsdangerous", salt="produce-session", max_age_seconds=600)
    assert resolve(resolver, with_cookie(b"session=" + own_cookie({"user_id": 7}))) == Login("7", expires=NOW + 600)
    assert resolve(resolver, with_cookie(b"session=" + own_cookie({"user_id": 7}, salt="reset-password"))) == UNREAD


def test_every_fact_can_stand_deeper_in_the_session(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, user="auth.id", session="auth.login", label="who.name", email="who.mail")
    session = {"auth": {"id": 7, "login": 41}, "who": {"name": "Ada", "mail": "ada@example.com"}}
    assert resolve(resolver, with_cookie(b"session=" + flask_cookie(session))) == Login(
        "7", "41", "Ada", "ada@example.com", NOW + FLASK_AGE
    )


@pytest.mark.parametrize("label", [7, ["Ada"], "A\nda", None, {" m": "Ada"}])
def test_an_odd_label_is_left_out_and_the_login_stays(tmp_path: Path, label: object) -> None:
    resolver = signed_cookie(tmp_path, label="name", email="name.mail")
    cookie = flask_cookie({"user_id": 7, "name": label})
    assert resolve(resolver, with_cookie(b"session=" + cookie)) == Login("7", expires=NOW + FLASK_AGE)


def test_no_cookie_is_nobody(tmp_path: Path) -> None:
    assert resolve(signed_cookie(tmp_path), request()) == Anonymous()
    assert resolve(signed_cookie(tmp_path), with_cookie(b"other=1; session")) == Anonymous()


@pytest.mark.parametrize("session", [{}, {"csrf": "x"}, {"user_id": None}, {"user": {"id": 7}}])
def test_a_valid_session_that_names_nobody_is_read_and_stays(tmp_path: Path, session: object) -> None:
    assert resolve(signed_cookie(tmp_path), with_cookie(b"session=" + flask_cookie(session))) == Anonymous()


@pytest.mark.parametrize(
    "user",
    [
        True,
        7.0,
        "",
        " ada",
        "ada\n",
        "A\u030angstr\u00f6m",
        "x" * 256,
        [7],
        {},
        {" u": "0" * 32},
        {" b": "Nw=="},
        10**300,
    ],
)
def test_a027_a_signed_session_with_an_odd_user_is_unknown(tmp_path: Path, user: object) -> None:
    assert isinstance(
        resolve(signed_cookie(tmp_path), with_cookie(b"session=" + flask_cookie({"user_id": user}))), Unknown
    )


@pytest.mark.parametrize(("user", "read"), [(0, "0"), ("00", "00"), ("a:{b}", "a:{b}"), ("Ada", "Ada"), ("-1", "-1")])
def test_a028_ids_are_not_coerced_into_each_other(tmp_path: Path, user: object, read: str) -> None:
    found = resolve(signed_cookie(tmp_path), with_cookie(b"session=" + flask_cookie({"user_id": user})))
    assert found == Login(read, expires=NOW + FLASK_AGE)


def test_a_path_that_leads_through_a_value_is_unknown(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, user="user.id")
    assert isinstance(resolve(resolver, with_cookie(b"session=" + flask_cookie({"user": "ada"}))), Unknown)
    assert resolve(resolver, with_cookie(b"session=" + flask_cookie({"user": None}))) == Anonymous()


@pytest.mark.parametrize("facts", [{}, {"login": None}, {"login": ""}, {"login": True}, {"login": 1.5}, {"login": [1]}])
def test_a_user_without_the_configured_session_is_unknown(tmp_path: Path, facts: dict[str, object]) -> None:
    resolver = signed_cookie(tmp_path, session="login")
    cookie = flask_cookie({"user_id": 7, **facts})
    assert isinstance(resolve(resolver, with_cookie(b"session=" + cookie)), Unknown)


def test_nobody_needs_no_session(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, session="login")
    assert resolve(resolver, with_cookie(b"session=" + flask_cookie({"csrf": "x"}))) == Anonymous()


@pytest.mark.parametrize("session", [[["user_id", 7]], "user_id", 7, None])
def test_what_is_no_session_at_all_is_unread(tmp_path: Path, session: object) -> None:
    assert resolve(signed_cookie(tmp_path), with_cookie(b"session=" + flask_cookie(session))) == UNREAD


@pytest.mark.parametrize("payload", [b"%%%", b"!", b"bm8ganNvbg==", b"W1tb" * 3000])
def test_a_signed_value_that_cannot_be_unpacked_is_unread(tmp_path: Path, payload: bytes) -> None:
    resolver = signed_cookie(tmp_path, format="starlette")
    value = signer_at(NOW)(SECRET).sign(payload)
    assert resolve(resolver, with_cookie(b"session=" + value)) == UNREAD


def test_a_time_beyond_the_calendar_is_unread(tmp_path: Path) -> None:
    cookie = starlette_cookie({"user_id": 7}, at=2**60)
    assert resolve(signed_cookie(tmp_path, format="starlette"), with_cookie(b"session=" + cookie)) == UNREAD


# ---- signatures and time --------------------------------------------------------------------------------------------


def test_a026_every_changed_character_of_a_cookie_makes_it_unread(tmp_path: Path) -> None:
    resolver, cookie = signed_cookie(tmp_path), flask_cookie({"user_id": 7})
    for place in range(len(cookie)):
        changed = cookie[:place] + (b"A" if cookie[place : place + 1] != b"A" else b"B") + cookie[place + 1 :]
        assert resolve(resolver, with_cookie(b"session=" + changed)) == UNREAD


def test_a026_a_signature_has_one_spelling(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path)
    cookie = next(c for c in (flask_cookie({"user_id": n}) for n in range(100)) if b"-" in c.rpartition(b".")[2])
    payload, _, signature = cookie.rpartition(b".")
    assert isinstance(resolve(resolver, with_cookie(b"session=" + cookie)), Login)
    for other in (signature + b"=", signature.replace(b"-", b"+"), signature[:-1] + bytes([signature[-1] + 1])):
        assert resolve(resolver, with_cookie(b"session=" + payload + b"." + other)) == UNREAD


@pytest.mark.parametrize("value", [b"", b".", b"..", b"null", b"7", b"eyJ1c2VyX2lkIjo3fQ", b"a.b.c"])
def test_a026_an_unsigned_value_is_unread(tmp_path: Path, value: bytes) -> None:
    assert resolve(signed_cookie(tmp_path), with_cookie(b"session=" + value)) == UNREAD


def test_a026_another_secret_or_format_makes_the_cookie_unread(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path)
    for cookie in (
        flask_cookie({"user_id": 7}, secret="another"),
        starlette_cookie({"user_id": 7}),
        own_cookie({"user_id": 7}, salt="cookie-session"),
    ):
        assert resolve(resolver, with_cookie(b"session=" + cookie)) == UNREAD


def test_rotated_secrets_all_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEW_SECRET", "new")
    monkeypatch.setenv("OLD_SECRET", "old")
    for format, sign in (("flask", flask_cookie), ("starlette", starlette_cookie)):
        given = options(
            SignedCookie, cookie="session", secret=["env:NEW_SECRET", "env:OLD_SECRET"], user="user_id", format=format
        )
        resolver = SignedCookie(given, context(tmp_path))
        for secret in ("new", "old"):
            found = resolve(resolver, with_cookie(b"session=" + sign({"user_id": 7}, secret=secret)))
            assert isinstance(found, Login)
        assert resolve(resolver, with_cookie(b"session=" + sign({"user_id": 7}, secret="older"))) == UNREAD


@pytest.mark.parametrize(
    ("age", "read"), [(-61, False), (-60, True), (-1, True), (0, True), (600, True), (601, False), (10**9, False)]
)
def test_a_cookie_counts_up_to_its_age_by_the_requests_time(tmp_path: Path, age: int, read: bool) -> None:
    resolver = signed_cookie(tmp_path, max_age_seconds=600)
    found = resolve(resolver, with_cookie(b"session=" + flask_cookie({"user_id": 7}), now=NOW + age))
    assert found == (Login("7", expires=NOW + 600) if read else UNREAD)


# ---- how apps read cookies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling", [b'"%s"', b'"%s', b"%s%%", b"%s\\", b"%s\xa0", b"%s\x0b", b"%s,", b"%s x", b"\xe2\x80\x83%s", b"'%s'"]
)
def test_a026_a_value_that_apps_may_read_differently_is_unread(tmp_path: Path, spelling: bytes) -> None:
    found = resolve(signed_cookie(tmp_path), with_cookie(b"session=" + spelling % flask_cookie({"user_id": 7})))
    assert found == UNREAD


def test_a026_a_value_in_octal_escapes_is_unread_though_frameworks_undo_them(tmp_path: Path) -> None:
    value = b"".join(b"\\%03o" % byte for byte in flask_cookie({"user_id": 7}))
    assert resolve(signed_cookie(tmp_path), with_cookie(b'session="' + value + b'"')) == UNREAD


def test_a026_a_cookie_sent_twice_is_never_guessed(tmp_path: Path) -> None:
    line = b"session=" + flask_cookie({"user_id": 7}) + b"; session=" + flask_cookie({"user_id": 8})
    assert isinstance(resolve(signed_cookie(tmp_path), with_cookie(line)), Unknown)


def test_a_cookie_over_16_kb_is_unread_even_with_a_good_signature(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, format="starlette")
    shorter = starlette_cookie({"user_id": 7, "pad": "x" * 12_000})
    longer = starlette_cookie({"user_id": 7, "pad": "x" * 12_300})
    assert len(shorter) <= LONGEST_VALUE_BYTES < len(longer)
    assert isinstance(resolve(resolver, with_cookie(b"session=" + shorter)), Login)
    assert resolve(resolver, with_cookie(b"session=" + longer)) == UNREAD


def test_a104_a_bomb_that_the_app_has_not_signed_is_never_inflated(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path)
    bomb = b"." + urlsafe_b64encode(zlib.compress(b"0" * 8_000_000, 9)).rstrip(b"=")
    value = bomb + b"." + flask_cookie({"user_id": 7}).split(b".", 1)[1]
    assert len(value) < LONGEST_VALUE_BYTES
    tracemalloc.start()
    try:
        assert resolve(resolver, with_cookie(b"session=" + value)) == UNREAD
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


# ---- the start ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"format": "itsdangerous", "max_age_seconds": 60}, "needs the salt"),
        ({"format": "itsdangerous", "salt": "", "max_age_seconds": 60}, "needs the salt"),
        ({"format": "itsdangerous", "salt": "produce"}, "needs max_age_seconds"),
        ({"salt": "produce"}, "salt belongs to"),
        ({"secret": "hunter2"}, "env:NAME"),
        ({"secret": []}, "secret is empty"),
        ({"secret": ["file:secret", "env:NOT_SET_ANYWHERE"]}, "NOT_SET_ANYWHERE"),
    ],
)
def test_options_that_cannot_work_stop_the_start(tmp_path: Path, given: dict[str, object], said: str) -> None:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text(SECRET)
    made = options(SignedCookie, **{"cookie": "session", "secret": "file:secret", "user": "user_id", **given})
    with pytest.raises(ConfigError, match=said) as stopped:
        SignedCookie(made, context(tmp_path))
    assert "[apps.produce] identity (signed_cookie)" in str(stopped.value)
    assert "hunter2" not in str(stopped.value)


@pytest.mark.parametrize(
    "given",
    [
        {"cookie": ""},
        {"cookie": "a b"},
        {"cookie": "a\n"},
        {"user": ""},
        {"user": "a..b"},
        {"max_age_seconds": 0},
        {"usr": "x"},
    ],
)
def test_odd_options_are_refused_by_name(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=next(iter(given))):
        options(SignedCookie, **{"cookie": "session", "secret": "file:secret", "user": "user_id", **given})


def test_what_it_reads_is_known_without_its_secret(tmp_path: Path) -> None:
    given = options(SignedCookie, cookie="produce", user="id", secret="env:NOT_SET_ANYWHERE")
    assert given.reads == Reads(cookies=frozenset({b"produce"}))
    made: IdentityResolver = signed_cookie(tmp_path)
    assert made.pure
    assert made.reads == Reads(cookies=frozenset({b"session"}))


def test_no_secret_shows_in_what_is_printed(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path)
    assert SECRET not in repr(resolver) + repr(vars(resolver))

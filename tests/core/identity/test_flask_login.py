"""Flask-Login's two cookies, each alone and both together, as its 0.6 reads them."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from core.identity.asking import NOW, SECRET, context, flask_cookie, identified, options, resolve, with_cookie
from twofa_middleware.errors import ConfigError
from twofa_middleware.identify import CannotTell, Conflicting, Known, Nobody
from twofa_middleware.identity.flask_login import FlaskLogin
from twofa_middleware.protocol import Anonymous, Identity, Login, Reads, Unknown

DAYS_31 = 31 * 86400
ID = "f" * 128
BOTH = frozenset({b"session", b"remember_token"})
SESSION, TOKEN = frozenset({b"session"}), frozenset({b"remember_token"})
NONE: frozenset[bytes] = frozenset()


@pytest.fixture
def resolver(tmp_path: Path) -> FlaskLogin:
    return made(tmp_path)


def made(folder: Path, *secrets: str, **given: object) -> FlaskLogin:
    references = []
    for number, secret in enumerate(secrets or (SECRET,)):
        file = folder / f"secret{number}"
        file.touch(mode=0o600)
        file.write_text(secret + "\n", encoding="utf-8")
        references.append(f"file:{file.name}")
    return FlaskLogin(options(FlaskLogin, secret=references, **given), context(folder))


def session(user: Any = "ada", at: int = NOW, secret: str = SECRET, **facts: Any) -> bytes:
    """A session as ``login_user`` leaves it."""
    return flask_cookie({"_user_id": user, "_fresh": True, "_id": ID} | facts, at, secret)


def token(user: str = "ada", secret: str = SECRET) -> bytes:
    """A token as ``flask_login.utils.encode_cookie`` writes it."""
    return f"{user}|{hmac.digest(secret.encode('latin-1'), user.encode(), 'sha512').hex()}".encode()


def line(of_session: bytes | None = None, of_token: bytes | None = None) -> bytes:
    pairs = ((b"session", of_session), (b"remember_token", of_token))
    return b"; ".join(name + b"=" + value for name, value in pairs if value is not None)


def who(resolver: FlaskLogin, of_session: bytes | None = None, of_token: bytes | None = None) -> Identity:
    return resolve(resolver, with_cookie(line(of_session, of_token)))


# ---- one cookie -----------------------------------------------------------------------------------------------------


def test_the_session_names_the_user(resolver: FlaskLogin) -> None:
    assert who(resolver, session()) == Login("ada", ID, expires=NOW + DAYS_31)
    assert who(resolver, session(17)) == Login("17", ID, expires=NOW + DAYS_31)
    assert who(resolver) == Anonymous()


def test_the_token_alone_names_the_user_by_no_session_and_for_no_set_time(resolver: FlaskLogin) -> None:
    assert who(resolver, of_token=token()) == Login("ada")
    assert who(resolver, of_token=token("a|b@example.org")) == Login("a|b@example.org")


def test_the_token_was_made_by_flask_login_itself(tmp_path: Path) -> None:
    # flask_login.utils.encode_cookie("17", key="the secret of the shop"), Flask-Login 0.6.3
    made_there = (
        b"17|4e472808321b287807b8267a96fe94e9ef2fd791629778faf95a1641c8ba62bd"
        b"8124c84c8541ec015ad2877e0dfca402456eadaf455f5f1377d3e616d3b190c6"
    )
    assert who(made(tmp_path, "the secret of the shop"), of_token=made_there) == Login("17")


def test_a_remembered_login_is_the_same_once_the_app_has_put_it_into_the_session(resolver: FlaskLogin) -> None:
    first = who(resolver, of_token=token())
    then = who(resolver, flask_cookie({"_user_id": "ada", "_fresh": False}), token())
    assert isinstance(first, Login)
    assert isinstance(then, Login)
    assert (first.user, first.session) == (then.user, then.session) == ("ada", None)


def test_a_login_with_the_password_is_another_than_the_remembered_one(resolver: FlaskLogin) -> None:
    by_password = who(resolver, session(), token())
    assert isinstance(by_password, Login)
    assert by_password.session == ID


def test_a_session_that_is_signed_anew_is_the_same(resolver: FlaskLogin) -> None:
    first, later = session(at=NOW - 3600), session(at=NOW)
    assert first != later
    found = [who(resolver, one) for one in (first, later)]
    assert [(one.user, one.session) for one in found if isinstance(one, Login)] == [("ada", ID)] * 2


def test_a_session_that_names_nobody_is_read_and_stays(resolver: FlaskLogin) -> None:
    assert who(resolver, flask_cookie({"_flashes": []})) == Anonymous()
    assert identified(with_cookie(line(flask_cookie({}))), resolver) == Nobody(NONE)


@pytest.mark.parametrize("value", [True, 1.5, ["ada"], {"id": 1}, "", " ada", "ada\n", {" u": "0" * 32}])
def test_a028_an_odd_user_is_unknown(resolver: FlaskLogin, value: object) -> None:
    assert isinstance(who(resolver, session(value)), Unknown)


@pytest.mark.parametrize("value", ["", "ada ", "a\tb", "x" * 256])
def test_a028_an_odd_user_in_a_signed_token_is_unknown(resolver: FlaskLogin, value: str) -> None:
    assert isinstance(who(resolver, of_token=token(value)), Unknown)


def test_a_session_identifier_that_is_no_text_is_unknown(resolver: FlaskLogin) -> None:
    assert isinstance(who(resolver, session(_id=7)), Unknown)


@pytest.mark.parametrize(
    "forged",
    [
        b"ada|",
        b"ada",
        b"|",
        b"ada|" + b"0" * 128,
        token("ada", "another secret"),
        token("ada") + b"0",
        token("ada").upper(),
        token("ada").replace(b"ada|", b"bea|"),
        b"ada|" + token("ada"),
        token("ada")[:-1],
        b'"' + token("ada"),
        b'"',
        b"ada|\xff",
    ],
)
def test_a083_a_token_that_is_not_exactly_signed_is_unread(resolver: FlaskLogin, forged: bytes) -> None:
    assert who(resolver, of_token=forged) == Anonymous(TOKEN)
    assert identified(with_cookie(line(None, forged)), resolver) == Nobody(TOKEN)


@pytest.mark.parametrize("user", ["ada", "Ada Lovelace", "J\u00f6rg", 'a"b\\c', "a;b,c"])
def test_a_token_that_werkzeug_had_to_quote_is_read_as_it_reads_it(resolver: FlaskLogin, user: str) -> None:
    quoted = b"".join(b"\\%03o" % byte if byte in b' ",;\\' or byte > 126 else bytes([byte]) for byte in token(user))
    assert who(resolver, of_token=b'"' + quoted + b'"') == Login(user)


def test_secrets_that_sign_no_more_still_read(tmp_path: Path) -> None:
    resolver = made(tmp_path, "new", "old")
    for secret in ("new", "old"):
        assert isinstance(who(resolver, session(secret=secret)), Login)
        assert isinstance(who(resolver, of_token=token(secret=secret)), Login)


def test_a_secret_beyond_ascii_signs_tokens_as_flask_login_does(tmp_path: Path) -> None:
    assert who(made(tmp_path, "gehe\u00edm"), of_token=token(secret="gehe\u00edm")) == Login("ada")
    with pytest.raises(ConfigError, match="Latin-1"):
        made(tmp_path, "\u20ac")


# ---- both cookies ---------------------------------------------------------------------------------------------------


def test_both_of_one_user_are_one_login(resolver: FlaskLogin) -> None:
    found = identified(with_cookie(line(session(), token())), resolver)
    assert found == Known(Login("ada", ID, expires=NOW + DAYS_31), "resolver 1", NONE)


def test_a026_session_and_token_of_different_users_cannot_be_told(resolver: FlaskLogin) -> None:
    # The app takes the session's user, and the token's where that one is no user any more.
    assert isinstance(who(resolver, session("bea"), token("ada")), Unknown)
    assert isinstance(identified(with_cookie(line(session("bea"), token("ada"))), resolver), CannotTell)
    expired = session("bea", at=NOW - DAYS_31 - 1)
    assert isinstance(who(resolver, expired, token("ada")), Unknown)


def test_a_session_of_nobody_beside_a_token_is_the_token_s_user(resolver: FlaskLogin) -> None:
    assert who(resolver, flask_cookie({"_flashes": []}), token()) == Login("ada")


def test_a_session_that_has_just_logged_out_keeps_the_token_from_counting(resolver: FlaskLogin) -> None:
    assert who(resolver, flask_cookie({"_remember": "clear"}), token()) == Anonymous()


def test_an_expired_session_gives_way_to_the_token(resolver: FlaskLogin) -> None:
    expired = session(at=NOW - DAYS_31 - 1)
    assert who(resolver, expired) == Anonymous(SESSION)
    assert who(resolver, expired, token()) == Login("ada")
    assert who(resolver, expired, b"ada|0") == Anonymous(BOTH)
    assert isinstance(who(resolver, session(at=NOW - DAYS_31)), Login)


@pytest.mark.parametrize("value", [session(secret="a secret that we do not have"), b"x", b"", session(at=NOW + 61)])
def test_a026_a_session_that_only_the_app_may_be_able_to_read_keeps_the_token_from_it_too(
    resolver: FlaskLogin, value: bytes
) -> None:
    # Else the app might know bea by the session while we say ada by the token.
    assert who(resolver, value, token()) == Anonymous(BOTH)
    assert identified(with_cookie(line(value, token())), resolver) == Nobody(BOTH)


def test_an_unsigned_token_beside_a_session_names_nobody(resolver: FlaskLogin) -> None:
    assert who(resolver, session(), b"bea|0") == Login("ada", ID, expires=NOW + DAYS_31)


@pytest.mark.parametrize("more", [b"; session=x", b"; remember_token=x", b"; \xa0remember_token=x"])
def test_a026_a_cookie_that_came_twice_is_a_conflict(resolver: FlaskLogin, more: bytes) -> None:
    asked = with_cookie(line(session(), token()) + more)
    assert isinstance(identified(asked, resolver), Conflicting)


# ---- the settings ---------------------------------------------------------------------------------------------------


def test_the_session_has_a_label_and_an_address_where_the_settings_say(tmp_path: Path) -> None:
    resolver = made(tmp_path, label="name", email="mail.at", max_age_seconds=60)
    found = who(resolver, session(name="Ada", mail={"at": "ada@example.org"}))
    assert found == Login("ada", ID, "Ada", "ada@example.org", NOW + 60)


def test_cookies_may_be_called_otherwise(tmp_path: Path) -> None:
    resolver = made(tmp_path, cookie="shop", remember_cookie="stay")
    assert resolver.reads == Reads(cookies=frozenset({b"shop", b"stay"}))
    assert resolve(resolver, with_cookie(b"stay=" + token())) == Login("ada")
    assert resolve(resolver, with_cookie(b"remember_token=" + token())) == Anonymous()


def test_an_app_that_remembers_nobody_gets_no_token(tmp_path: Path) -> None:
    resolver = made(tmp_path, remember_cookie="")
    assert resolver.reads == Reads(cookies=SESSION)
    assert who(resolver, session(), token("bea")) == Login("ada", ID, expires=NOW + DAYS_31)
    assert options(FlaskLogin, secret="env:X", remember_cookie="").credential_cookies == TOKEN
    assert options(FlaskLogin, secret="env:X").credential_cookies == NONE


def test_one_cookie_for_both_or_no_secret_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two cookies"):
        made(tmp_path, cookie="session", remember_cookie="session")
    with pytest.raises(ConfigError, match="secret is empty"):
        FlaskLogin(options(FlaskLogin, secret=[]), context(tmp_path))


def test_it_is_pure_and_its_session_does_not_tell_log_ins_apart(resolver: FlaskLogin) -> None:
    assert resolver.pure
    assert not resolver.shows_session

"""Who is logged in to Django, by its own session engine and ``get_user``. Attacks 20, 26, 79, 80."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.django.asking import key, log_in, logged_in, request, told
from support.projects import PASSWORD
from twofa_middleware.errors import ConfigError
from twofa_middleware.identity.django import DjangoOptions, DjangoSession
from twofa_middleware.protocol import Anonymous, Login, PluginContext, Unknown

UNREAD = Anonymous(unread=frozenset({b"sessionid"}))
BACKENDS = "django.contrib.sessions.backends"


@pytest.fixture
def resolver(people: Any, context: PluginContext) -> DjangoSession:
    return DjangoSession(DjangoOptions(), context)


def session_of(resolver: DjangoSession, client: Any) -> str | None:
    login = told(resolver.resolve(request(key(client))))
    assert isinstance(login, Login)
    return login.session


def rows() -> set[tuple[str, str]]:
    from django.contrib.sessions.models import Session

    return set(Session.objects.values_list("session_key", "session_data"))


def test_a_login_has_the_key_of_the_user_and_what_people_call_them(resolver: DjangoSession, people: Any) -> None:
    client = logged_in("erin")
    login = told(resolver.resolve(request(key(client))))
    assert isinstance(login, Login)
    assert (login.user, login.label, login.email) == (str(people.get(username="erin").pk), "erin", "erin@example.org")
    assert login.expires is None


def test_the_key_of_the_session_goes_nowhere(resolver: DjangoSession) -> None:
    client = logged_in("erin")
    assert key(client)[:8] not in repr(told(resolver.resolve(request(key(client)))))


def test_nobody_without_a_cookie(resolver: DjangoSession) -> None:
    assert told(resolver.resolve(request())) == Anonymous()


def test_a_session_that_names_nobody_stays_with_the_app(resolver: DjangoSession) -> None:
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session["basket"] = [1]
    session.save()
    assert told(resolver.resolve(request(session.session_key))) == Anonymous()


@pytest.mark.parametrize("value", ["", "short", "x" * 32, "x" * 5000, "%00" * 9, b"\xff" * 32, '"', "a=b" * 9])
def test_a026_a_cookie_that_the_engine_does_not_know_is_unread(resolver: DjangoSession, value: str | bytes) -> None:
    assert told(resolver.resolve(request(value))) == UNREAD


def test_a026_a_cookie_in_quotes_is_read_as_django_reads_it(resolver: DjangoSession) -> None:
    from django.test import Client

    client = logged_in("erin")
    quoted = f'"{key(client)}"'
    answered = Client(headers={"host": "localhost", "cookie": f"sessionid={quoted}"}).get("/orders/")
    assert answered.json()["user"] == "erin"
    assert isinstance(told(resolver.resolve(request(quoted))), Login)


def test_a026_a_cookie_sent_twice_is_unknown(resolver: DjangoSession) -> None:
    client = logged_in("erin")
    assert isinstance(told(resolver.resolve(request(key(client), "x" * 32))), Unknown)


def test_a_session_stays_the_same_while_it_lasts(resolver: DjangoSession) -> None:
    client = logged_in("erin")
    before = session_of(resolver, client)
    client.get("/admin/")
    client.get("/orders/")
    assert session_of(resolver, client) == before


def test_a079_the_next_log_in_is_another_session(resolver: DjangoSession) -> None:
    client = logged_in("erin")
    before, dead = session_of(resolver, client), key(client)
    client.post("/admin/logout/")
    assert told(resolver.resolve(request(dead))) == UNREAD
    log_in(client, "erin")
    assert session_of(resolver, client) not in (before, None)


def test_a080_another_user_in_the_same_browser_is_another_session(resolver: DjangoSession) -> None:
    client = logged_in("erin")
    before = session_of(resolver, client)
    log_in(client, "frank")
    assert session_of(resolver, client) not in (before, None)


def test_a_changed_password_is_a_new_session_here_and_ends_the_others(resolver: DjangoSession) -> None:
    client, elsewhere = logged_in("frank"), logged_in("frank")
    before = session_of(resolver, client)
    new = "Kettle-Maple-8"
    client.post("/admin/password_change/", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert session_of(resolver, client) not in (before, None)
    assert told(resolver.resolve(request(key(elsewhere)))) == UNREAD


def test_whom_django_refuses_is_nobody_here(resolver: DjangoSession, people: Any) -> None:
    client = logged_in("erin")
    people.filter(username="erin").update(is_active=False)
    assert told(resolver.resolve(request(key(client)))) == UNREAD
    people.filter(username="erin").delete()
    assert told(resolver.resolve(request(key(client)))) == UNREAD


def test_nothing_is_written_while_a_session_is_read(resolver: DjangoSession, people: Any) -> None:
    changed, renewed = logged_in("erin"), logged_in("frank")
    erin = people.get(username="erin")
    erin.set_password("another")
    erin.save()
    before = rows()
    assert told(resolver.resolve(request(key(changed)))) == UNREAD
    assert rows() == before
    from django.test import override_settings

    with override_settings(SECRET_KEY="a new one", SECRET_KEY_FALLBACKS=["the secret of the shop"]):
        assert isinstance(told(resolver.resolve(request(key(renewed)))), Login)
    assert rows() == before


def test_an_expired_file_is_neither_taken_away_nor_replaced(
    people: Any, context: PluginContext, tmp_path: Path, settings: Any
) -> None:
    settings.SESSION_ENGINE = f"{BACKENDS}.file"
    settings.SESSION_FILE_PATH = str(tmp_path)
    from django.contrib.sessions.backends.file import SessionStore

    if hasattr(SessionStore, "_storage_path"):
        del SessionStore._storage_path
    client = logged_in("erin")
    resolver = DjangoSession(DjangoOptions(), context)
    assert isinstance(told(resolver.resolve(request(key(client)))), Login)
    settings.SESSION_COOKIE_AGE = -1
    before = sorted(tmp_path.iterdir())
    assert told(resolver.resolve(request(key(client)))) == UNREAD
    assert sorted(tmp_path.iterdir()) == before
    del SessionStore._storage_path


def test_a020_a_database_that_fails_is_no_answer(resolver: DjangoSession) -> None:
    from django.db import DatabaseError, connection

    client = logged_in("erin")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session RENAME TO gone")
    try:
        with pytest.raises(DatabaseError):
            told(resolver.resolve(request(key(client))))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gone RENAME TO django_session")


def test_connections_are_closed_before_and_after_the_app_and_left_alone_within(resolver: DjangoSession) -> None:
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, connection

    client = logged_in("erin")
    sent = request(key(client))
    told(resolver.resolve(sent))
    assert connection.connection is None
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        request_started.send(sender=None, environ={})
        connection.ensure_connection()
        opened = connection.connection
        told(resolver.resolve(sent))
        assert connection.connection is opened
        request_finished.send(sender=None)
        told(resolver.resolve(sent))
        assert connection.connection is None
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def test_our_log_out_ends_the_session_and_tells_the_app(resolver: DjangoSession, people: Any) -> None:
    from django.contrib.auth.signals import user_logged_out

    heard: list[Any] = []

    def hear(*, user: Any, request: Any, **_: object) -> None:
        heard.append((user.get_username(), request.session.session_key))
        raise RuntimeError("it wanted more of the request")

    client = logged_in("erin")
    user_logged_out.connect(hear)
    try:
        told(resolver.log_out(request(key(client))))
    finally:
        user_logged_out.disconnect(hear)
    assert heard == [("erin", key(client))]
    assert told(resolver.resolve(request(key(client)))) == UNREAD
    assert client.get("/orders/").status_code == 302


def test_our_log_out_fails_where_the_session_cannot_be_ended(resolver: DjangoSession) -> None:
    from django.db import DatabaseError, connection

    client = logged_in("erin")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_session RENAME TO gone")
    try:
        with pytest.raises(DatabaseError):
            told(resolver.log_out(request(key(client))))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gone RENAME TO django_session")


@pytest.mark.parametrize("engine", ["cache", "cached_db"])
def test_other_engines_are_read_alike(people: Any, context: PluginContext, settings: Any, engine: str) -> None:
    settings.SESSION_ENGINE = f"{BACKENDS}.{engine}"
    client = logged_in("erin")
    resolver = DjangoSession(DjangoOptions(), context)
    assert resolver.shows_session
    assert session_of(resolver, client)
    told(resolver.log_out(request(key(client))))
    assert told(resolver.resolve(request(key(client)))) == UNREAD


def test_a_session_in_a_signed_cookie_shows_no_session_but_by_a_key_of_its_own(
    people: Any, context: PluginContext, settings: Any
) -> None:
    settings.SESSION_ENGINE = f"{BACKENDS}.signed_cookies"
    client = logged_in("erin")
    resolver = DjangoSession(DjangoOptions(), context)
    assert not resolver.shows_session
    assert session_of(resolver, client) is None
    assert told(resolver.resolve(request(key(client)[:-1]))) == UNREAD

    by_key = DjangoSession(DjangoOptions(session="login_id"), context)
    assert by_key.shows_session
    assert isinstance(told(by_key.resolve(request(key(client)))), Unknown)
    session = client.session
    session["login_id"] = "7"
    session.save()
    assert told(by_key.resolve(request(session.session_key))).session == "7"  # type: ignore[union-attr]


def test_another_name_of_the_cookie_stops_the_start(shop: Path, context: PluginContext) -> None:
    with pytest.raises(ConfigError, match=r'cookie = "shop_session", but .* SESSION_COOKIE_NAME = "sessionid"'):
        DjangoSession(DjangoOptions(cookie="shop_session"), context)


def test_another_project_than_that_of_the_environment_stops_the_start(shop: Path, context: PluginContext) -> None:
    with pytest.raises(ConfigError, match=r'settings_module = "office\.settings", but DJANGO_SETTINGS_MODULE says'):
        DjangoSession(DjangoOptions(settings_module="office.settings"), context)

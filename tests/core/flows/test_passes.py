"""Passes and remembered browsers: records that are good for just one login, app, generation and time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.flows.people import ERIN, GENERATION, NOW, SITE, STRICT, USER, browser_of, pass_of, site
from core.flows.stepping import failing_at_each, step
from twofa_middleware.accounts.passes import Method, Pass, end_pass, new_pass, read_pass
from twofa_middleware.accounts.remembered import NAME_BYTES, new_browser, read_browser
from twofa_middleware.accounts.unprompted import Opening, open_unprompted
from twofa_middleware.asks import Absent, Done, Emit, EndPass, Moved, OpenPass, PassRow, Random
from twofa_middleware.browser.cookies import digest
from twofa_middleware.protocol import Login
from twofa_middleware.site import Site

OFFICE = site("office")
OTHER_REALM = site(realm="other")
DAY = 86400


def read(
    row: PassRow | None, *, at: Site = SITE, login: Login = ERIN, generation: int = GENERATION, now: int = NOW
) -> Any:
    return read_pass(at, login, at.user_key(login), generation, row, now)


# ---- passes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", Method)
def test_a_pass_is_read_back_as_it_was_opened(method: Method) -> None:
    row, cookie = pass_of(method)
    assert read(row) == Pass(method, NOW, NOW + DAY, NOW)
    assert (row.digest, row.opened_at, row.expires_at, row.used_at) == (digest(cookie.token), NOW, NOW + DAY, NOW)
    assert row.proven is (method in (Method.TOTP, Method.RECOVERY, Method.PASSKEY))


def test_a078_every_pass_has_a_token_of_256_random_bits_of_its_own() -> None:
    asked: Any = next(new_pass(SITE, ERIN, GENERATION, Method.TOTP, NOW))
    assert asked.size * 8 == 256


def test_the_record_of_a_pass_fits_the_64_bytes_of_a_small_redis_field() -> None:
    assert len(pass_of(Method.TOTP)[0].record) <= 64


def test_no_row_is_no_pass() -> None:
    assert read(None) is None


@pytest.mark.parametrize(
    "other",
    [
        {"login": Login("6", ERIN.session)},
        {"login": Login(ERIN.user, "session-2")},
        {"login": Login(ERIN.user, None)},
        {"login": Login(ERIN.user, "")},
        {"at": OFFICE},
        {"at": OTHER_REALM},
        {"generation": GENERATION + 1},
        {"generation": 0},
        {"now": NOW + DAY},
        {"now": NOW - 61},
    ],
    ids=["user", "session", "no session", "empty session", "app", "realm", "generation", "none", "later", "earlier"],
)
def test_a080_a081_a031_a_pass_is_none_for_another_user_session_app_realm_generation_or_time(other: Any) -> None:
    assert read(pass_of(Method.TOTP)[0], **other) is None


def test_a_pass_of_a_login_without_session_is_none_for_one_with_a_session() -> None:
    alone = replace(ERIN, session=None)
    row = pass_of(Method.TOTP, login=alone)[0]
    assert read(row, login=alone) is not None
    assert read(row) is None


def test_a_pass_lasts_to_its_last_second_and_bears_clocks_that_differ_a_little() -> None:
    row = pass_of(Method.TOTP)[0]
    assert read(row, now=NOW + DAY - 1) is not None
    assert read(row, now=NOW - 60) is not None


def test_names_and_mail_of_a_login_may_change_under_a_pass() -> None:
    assert (
        read(pass_of(Method.TOTP)[0], login=replace(ERIN, label="Erin B.", email="e@example.org", expires=5))
        is not None
    )


def test_a_strict_pass_ends_after_an_hour_without_use() -> None:
    row = pass_of(Method.TOTP, at=STRICT)[0]
    assert read(row, at=STRICT, now=NOW + 3599) is not None
    assert read(row, at=STRICT, now=NOW + 3600) is None
    assert read(replace(row, used_at=NOW + 3000), at=STRICT, now=NOW + 3600) is not None


def test_the_hours_of_a_pass_are_those_of_the_settings() -> None:
    assert pass_of(Method.TOTP, at=site(pass_hours=8))[0].expires_at == NOW + 8 * 3600


def test_a086_a_longer_life_written_into_the_row_is_not_believed() -> None:
    assert read(replace(pass_of(Method.TOTP)[0], expires_at=NOW + 90 * DAY), now=NOW + DAY) is None


def test_a114_a_record_moved_to_another_token_is_no_pass() -> None:
    mine, other = pass_of(Method.NONE)[0], replace(pass_of(Method.TOTP)[0], digest=b"x" * 32)
    assert read(replace(other, record=mine.record)) is None


@given(st.binary(max_size=120) | st.just(pass_of(Method.TOTP)[0].record[:-1]))
def test_a083_no_bytes_that_somebody_writes_are_a_pass(record: bytes) -> None:
    assert read(replace(pass_of(Method.TOTP)[0], record=record)) is None


def test_a083_a_remembered_browser_is_no_pass() -> None:
    browser = browser_of()[0]
    assert read(PassRow(browser.digest, browser.record, True, NOW, NOW + DAY, NOW)) is None


def test_a_method_that_nobody_knows_is_no_pass() -> None:
    row = pass_of(Method.TOTP)[0]
    context = (USER, SITE.name, GENERATION, row.digest.hex())
    payload = SITE.sealer.read("pass", context, row.record)
    assert read(replace(row, record=SITE.sealer.authenticate("pass", context, payload))) is not None
    for odd in (b"\x63" + payload[1:], payload + b"x", b""):
        assert read(replace(row, record=SITE.sealer.authenticate("pass", context, odd))) is None


# ---- ended --------------------------------------------------------------------------------------------------------


def test_a079_a_pass_is_ended_by_its_cookie_and_its_owner_is_told_of() -> None:
    cookie = pass_of(Method.TOTP)[1]
    done = step(end_pass(SITE, cookie, NOW, "log-out", ERIN), (EndPass, Done()))
    asked = done.one(EndPass)
    assert (asked.user, asked.digest, asked.now) == (USER, cookie.digest, NOW)
    event = done.one(Emit).event
    assert (event.name, event.user, event.label, event.facts) == ("pass ended", "5", "erin", {"why": "log-out"})
    assert (event.at, event.app) == (NOW, "shop")


@pytest.mark.parametrize("there", [None, Login("6", "session-6", "bea")], ids=["nobody", "somebody else"])
def test_who_is_there_when_somebody_elses_pass_ends_is_not_said_to_be_its_owner(there: Login | None) -> None:
    done = step(end_pass(SITE, pass_of(Method.TOTP)[1], NOW, "log-out", there), (EndPass, Done()))
    assert (done.one(EndPass).user, done.one(Emit).event.user, done.one(Emit).event.label) == (USER, "", "")


def test_of_a_pass_that_was_not_there_nothing_is_told() -> None:
    assert step(end_pass(SITE, pass_of(Method.TOTP)[1], NOW, "log-out"), (EndPass, Absent())).events == []


# ---- opened without a prompt ----------------------------------------------------------------------------------------


def opening(method: Method = Method.NONE, browser: bytes | None = None) -> Opening:
    return Opening(ERIN, method, GENERATION, browser, b"old")


def test_an_unprompted_pass_is_opened_under_the_generation_that_it_was_decided_under() -> None:
    done = step(open_unprompted(SITE, opening(Method.REMEMBERED, b"browser"), NOW), (OpenPass, Done()))
    asked = done.one(OpenPass)
    assert (asked.user, asked.generation, asked.browser_digest, asked.ends) == (USER, GENERATION, b"browser", b"old")
    assert (asked.opens.proven, asked.now) == (False, NOW)
    assert read(asked.opens) == Pass(Method.REMEMBERED, NOW, NOW + DAY, NOW)
    assert done.events == ["remembered browser used"]


def test_its_cookie_goes_to_the_browser_only_once_it_is_opened() -> None:
    done = step(open_unprompted(SITE, opening(), NOW), (OpenPass, Done()))
    assert done.kinds == [OpenPass]
    assert done.result is not None
    assert done.result[1].startswith(SITE.cookies.passes + b"=" + USER.encode() + b".")
    assert b"; Max-Age=%d;" % DAY in done.result[1]


def test_a_pass_of_an_account_that_has_moved_meanwhile_is_not_opened() -> None:
    done = step(open_unprompted(SITE, opening(Method.REMEMBERED), NOW), (OpenPass, Moved()))
    assert (done.result, done.events) == (None, [])


def test_a020_an_error_while_it_is_opened_comes_out() -> None:
    reached = list(failing_at_each(lambda: open_unprompted(SITE, opening(Method.REMEMBERED), NOW), (OpenPass, Done())))
    assert [kinds[-1] for kinds in reached if kinds[-1] is not Random] == [OpenPass, Emit]


# ---- remembered browsers --------------------------------------------------------------------------------------------


def remembered(row: Any, *, at: Site = SITE, login: Login = ERIN, generation: int = GENERATION, now: int = NOW) -> Any:
    return read_browser(at, at.user_key(login), generation, row, now)


def test_a086_a_browser_is_remembered_for_90_days_and_not_a_second_longer() -> None:
    row, token = browser_of()
    found = remembered(row, now=NOW + 90 * DAY - 1)
    assert (found.digest, found.name, found.opened_at) == (digest(token), "Firefox on Linux", NOW)
    assert remembered(row, now=NOW + 90 * DAY) is None
    assert remembered(replace(row, expires_at=NOW + 900 * DAY), now=NOW + 90 * DAY) is None


@pytest.mark.parametrize(
    "other",
    [
        {"login": Login("6")},
        {"generation": GENERATION + 1},
        {"generation": 0},
        {"at": OTHER_REALM},
        {"at": STRICT},
        {"now": NOW - 61},
    ],
    ids=str,
)
def test_a084_a085_a_browser_is_remembered_for_one_user_realm_and_generation(other: Any) -> None:
    assert remembered(browser_of()[0], **other) is None


def test_a_browser_counts_for_the_realm_and_every_session() -> None:
    row = browser_of()[0]
    assert remembered(row, at=OFFICE) is not None
    assert remembered(row, login=replace(ERIN, session="session-2")) is not None


@given(st.binary(max_size=120))
def test_a083_no_bytes_that_somebody_writes_are_a_remembered_browser(record: bytes) -> None:
    assert remembered(replace(browser_of()[0], record=record)) is None


def test_a083_a_pass_is_no_remembered_browser_and_no_row_is_none() -> None:
    row = pass_of(Method.TOTP)[0]
    assert remembered(replace(browser_of()[0], digest=row.digest, record=row.record)) is None
    assert remembered(None) is None


def test_an_authentic_record_of_no_known_form_is_no_remembered_browser() -> None:
    row = browser_of()[0]
    record = SITE.sealer.authenticate("browser", (USER, GENERATION, row.digest.hex()), b"\xc1")
    assert remembered(replace(row, record=record)) is None


def test_a_new_browser_was_opened_and_used_now() -> None:
    row, token = browser_of()
    assert (row.digest, row.opened_at, row.used_at, row.expires_at) == (digest(token), NOW, NOW, NOW + 90 * DAY)
    found = remembered(replace(row, used_at=NOW + 5), now=NOW - 60)  # by a clock that is a minute behind
    assert (found.expires_at, found.used_at) == (NOW + 90 * DAY, NOW + 5)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Firefox on Android", "Firefox on Android"),
        ("A" * NAME_BYTES, "A" * NAME_BYTES),
        ("Firefox on " + "B" * 9, "Firefox on " + "B" * 9),
        ("Firefox on " + "B" * 10, "Firefox"),
        ("Firefox on an odd on one", "Firefox"),
        ("A" * 30 + " on Linux", "A" * NAME_BYTES),
        ("é" * 30, "é" * 10),
        ("A" + "é" * 30, "A" + "é" * 9),
    ],
)
def test_a_browsers_name_is_cut_to_what_the_row_has_room_for(name: str, kept: str) -> None:
    row = step(new_browser(SITE, USER, GENERATION, name, NOW)).result[0]
    assert remembered(row).name == kept

"""The table of decisions, and what a decision reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.flows.enforcing import END_USER, MANAGER, NO_FLAGS
from core.flows.people import (
    BROWSER_NAME,
    ENFORCED,
    ERIN,
    NOW,
    PASS_NAME,
    SITE,
    STRICT,
    USER,
    access,
    account_row,
    browser_of,
    disabled_row,
    later,
    pass_of,
    request,
    site,
    unreadable_row,
    with_cookies,
)
from core.flows.stepping import Stepped, step
from twofa_middleware.accounts.access import Access, Decision, MustSetUp, MustVerify, Passes, decide, look, roles_of
from twofa_middleware.accounts.passes import Method, Pass
from twofa_middleware.accounts.remembered import Browser
from twofa_middleware.asks import (
    TOUCH_SECONDS,
    AccountRow,
    BrowserRow,
    Call,
    Done,
    Look,
    PassRow,
    ReadRoles,
    Seen,
    TouchPass,
)
from twofa_middleware.browser.cookies import PassCookie, digest
from twofa_middleware.errors import UnreadableRecord
from twofa_middleware.http import Request
from twofa_middleware.protocol import Flow, Login
from twofa_middleware.site import Site

AT_ONCE = site(enforcement={"pinned": ["Manager"], "starts": "now"})
BROWSER = Browser(b"b" * 32, "Firefox on Linux", NOW, NOW + 86400, NOW)
PROVEN = [Method.TOTP, Method.RECOVERY, Method.PASSKEY]


def decided(at: Site, seen: Access, *script: Any) -> Decision:
    return step(decide(at, ERIN, request(), seen), *script).result


# ---- the table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [SITE, ENFORCED, AT_ONCE], ids=["nothing enforced", "enforced", "enforced at once"])
@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("method", [*PROVEN, Method.REMEMBERED])
def test_a_valid_pass_lets_a_login_on_and_no_role_is_asked_for(at: Site, enrolled: bool, method: Method) -> None:
    assert decided(at, access(method, enrolled=enrolled)) == Passes()


def test_a_pass_of_a_login_that_needed_nothing_lasts_until_the_next_login() -> None:
    assert decided(ENFORCED, access(Method.NONE)) == Passes()


@pytest.mark.parametrize(
    ("roles", "decision"), [(MANAGER, MustSetUp("Manager")), (END_USER, Passes(roles=frozenset({"End User"})))]
)
def test_a066_where_enforcement_starts_at_once_such_a_pass_is_decided_again(roles: Any, decision: Decision) -> None:
    assert decided(AT_ONCE, access(Method.NONE), *roles) == decision


def test_where_it_starts_at_once_such_a_pass_is_none_for_who_has_a_phone() -> None:
    assert decided(AT_ONCE, access(Method.NONE, enrolled=True)) == MustVerify()


@pytest.mark.parametrize("at", [SITE, ENFORCED, AT_ONCE])
def test_a001_who_has_a_phone_and_no_pass_must_verify_and_no_role_is_asked_for(at: Site) -> None:
    assert decided(at, access(enrolled=True)) == MustVerify()


def test_a_remembered_browser_opens_a_pass_that_says_so() -> None:
    assert decided(ENFORCED, access(enrolled=True, browser=BROWSER)) == Passes(opens=Method.REMEMBERED)


def test_a_remembered_browser_is_nothing_for_an_account_without_a_phone() -> None:
    assert decided(ENFORCED, access(browser=BROWSER), *MANAGER) == MustSetUp("Manager")


def test_a065_who_has_no_phone_and_a_role_that_demands_one_must_set_it_up() -> None:
    assert decided(ENFORCED, access(), *MANAGER) == MustSetUp("Manager")


def test_who_needs_none_passes_and_that_is_remembered_for_this_login() -> None:
    assert decided(ENFORCED, access(), *END_USER) == Passes(opens=Method.NONE, roles=frozenset({"End User"}))


def test_where_nothing_is_enforced_no_role_is_asked_for() -> None:
    assert decided(SITE, access(), NO_FLAGS) == Passes(opens=Method.NONE)


def test_an_account_that_was_switched_off_is_one_without_a_phone() -> None:
    assert decided(ENFORCED, access(row=disabled_row()), *MANAGER) == MustSetUp("Manager")


def test_a066_roles_that_cannot_be_read_are_never_no_roles() -> None:
    with pytest.raises(ConnectionError):
        decided(ENFORCED, access(), NO_FLAGS, (Call, ConnectionError("the directory is down")))


@pytest.mark.parametrize("browser", [None, BROWSER])
def test_a021_a_secret_that_does_not_open_is_found_before_the_prompt(browser: Browser | None) -> None:
    with pytest.raises(UnreadableRecord):
        decided(SITE, access(row=unreadable_row(), browser=browser))


# ---- what is read ---------------------------------------------------------------------------------------------------


def looked(
    asked: Request, account: AccountRow | None, row: PassRow | None = None, browser: BrowserRow | None = None, **at: Any
) -> Stepped[Access]:
    script: list[Any] = [(Look, Seen(account, row, browser))]
    if at.pop("touches", False):
        script.append((TouchPass, Done()))
    return step(look(at.pop("at", SITE), at.pop("login", ERIN), asked, **at), *script)


def test_the_pass_and_the_browser_are_looked_up_by_the_digests_of_their_cookies() -> None:
    row, cookie = pass_of(Method.TOTP)
    browser, token = browser_of()
    asked = with_cookies(**{PASS_NAME: cookie.dump(), BROWSER_NAME: token})
    done = looked(asked, account_row(), row, browser)
    assert done.asked == [Look(USER, row.digest, browser.digest, NOW)]
    assert (done.result.is_proven, done.result.pass_digest) == (True, row.digest)
    assert done.result.browser is not None
    assert done.result.browser.digest == digest(token)


@pytest.mark.parametrize(("path", "is_strict"), [("/admin/x", True), ("//home", True), ("/home", False)])
def test_a_question_for_a_strict_path_says_so(path: str, is_strict: bool) -> None:
    asked = replace(request(), path=path, raw_path=path.encode())
    guarded = site(shop={"strict": ["ANY /admin/**"]})
    assert looked(asked, account_row(), at=guarded).asked == [Look(USER, None, None, NOW, is_strict=is_strict)]
    assert looked(asked, account_row()).asked == [Look(USER, None, None, NOW)]


@pytest.mark.parametrize(("path", "as_of"), [("/admin/x", None), ("//home", None), ("/home", NOW)])
def test_for_a_strict_path_the_flags_on_roles_are_those_of_now(path: str, as_of: int | None) -> None:
    asked = replace(request(), path=path, raw_path=path.encode())
    done = step(decide(site(shop={"strict": ["ANY /admin/**"]}), ERIN, asked, access()), NO_FLAGS)
    assert done.asked == [ReadRoles(as_of)]


def test_a_request_without_cookies_has_no_pass_and_no_browser() -> None:
    done = looked(request(), None)
    assert done.asked == [Look(USER, None, None, NOW)]
    assert (done.result.valid_pass, done.result.browser, done.result.pass_digest) == (None, None, None)
    assert (done.result.user, done.result.seen) == (USER, Seen(None, None, None))


@pytest.mark.parametrize("method", [Method.NONE, Method.REMEMBERED])
def test_a_pass_that_nobody_was_prompted_for_proves_nothing(method: Method) -> None:
    row, cookie = pass_of(method)
    found = looked(with_cookies(**{PASS_NAME: cookie.dump()}), account_row(), row).result
    assert found.valid_pass is not None
    assert not found.is_proven


def test_a080_a_pass_cookie_of_somebody_else_is_not_even_looked_up() -> None:
    bea = SITE.user_key(Login("6"))
    cookie = PassCookie(bea, pass_of(Method.TOTP)[1].token)
    assert looked(with_cookies(**{PASS_NAME: cookie.dump()}), account_row()).asked == [Look(USER, None, None, NOW)]


def test_a084_a_remembered_browser_cookie_of_somebody_else_is_not_even_looked_up() -> None:
    name = SITE.cookies.browser(SITE.user_key(Login("6"))).decode()
    assert looked(with_cookies(**{name: browser_of()[1]}), account_row()).asked == [Look(USER, None, None, NOW)]


def test_a079_when_a_login_begins_the_pass_that_the_browser_has_is_none_and_the_browser_stays_remembered() -> None:
    row, cookie = pass_of(Method.TOTP)
    browser, token = browser_of()
    asked = with_cookies(**{PASS_NAME: cookie.dump(), BROWSER_NAME: token})
    done = looked(asked, account_row(), None, browser, log_in_begins=True)
    assert done.asked == [Look(USER, None, browser.digest, NOW)]
    assert (done.result.pass_digest, done.result.valid_pass) == (None, None)
    assert done.result.browser is not None
    assert row.digest == cookie.digest


def test_a_pass_that_is_not_valid_is_still_named_so_that_it_can_be_ended() -> None:
    row, cookie = pass_of(Method.TOTP, generation=1)
    found = looked(with_cookies(**{PASS_NAME: cookie.dump()}), account_row(), row).result
    assert (found.valid_pass, found.pass_digest) == (None, row.digest)


def test_a021_an_account_that_does_not_open_raises_and_is_not_without_a_phone() -> None:
    row = account_row()
    damaged = AccountRow(row.generation, row.last_step, bytes(len(row.roster)), row.authenticators, row.codes)
    with pytest.raises(UnreadableRecord):
        looked(request(), damaged)


@pytest.mark.parametrize(("seconds", "touches"), [(59, False), (60, True), (3599, True)])
def test_where_passes_end_by_idling_a_use_is_noted_once_a_minute(seconds: int, touches: bool) -> None:
    row, cookie = pass_of(Method.TOTP, at=STRICT)
    asked = later(with_cookies(**{PASS_NAME: cookie.dump()}), seconds)
    done = looked(asked, account_row(), row, at=STRICT, touches=touches)
    assert done.result.is_proven
    assert [ask for ask in done.asked if isinstance(ask, TouchPass)] == [TouchPass(USER, row.digest, NOW + seconds)] * (
        touches
    )


def test_where_passes_do_not_idle_nothing_is_written() -> None:
    row, cookie = pass_of(Method.TOTP)
    asked = later(with_cookies(**{PASS_NAME: cookie.dump()}), 7200)
    assert looked(asked, account_row(), row).kinds == [Look]


def test_an_idle_pass_is_none_and_its_use_is_not_noted() -> None:
    row, cookie = pass_of(Method.TOTP, at=STRICT)
    done = looked(later(with_cookies(**{PASS_NAME: cookie.dump()}), 3600), account_row(), row, at=STRICT)
    assert (done.result.valid_pass, done.kinds) == (None, [Look])


# ---- what may be remembered of it -----------------------------------------------------------------------------------


def test_a081_a_pass_is_remembered_no_longer_than_pass_login_and_idle_time_last() -> None:
    seen = replace(access(Method.TOTP, enrolled=True), seen=Seen(account_row(), None, None))
    known = seen.known(SITE, ERIN)
    assert known is not None
    assert (known.user, known.session, known.until, known.seen) == (USER, ERIN.session, NOW + 60, seen.seen)
    assert seen.known(SITE, replace(ERIN, expires=NOW + 30)).until == NOW + 30  # type: ignore[union-attr]
    assert seen.known(SITE, replace(ERIN, expires=NOW + 90)).until == NOW + 60  # type: ignore[union-attr]
    used = replace(seen, valid_pass=Pass(Method.TOTP, NOW, NOW + 99999, NOW - 5))
    assert used.known(STRICT, ERIN).until == NOW - 5 + TOUCH_SECONDS  # type: ignore[union-attr]
    assert used.known(SITE, ERIN).until == NOW + 99999  # type: ignore[union-attr]


def test_nothing_is_remembered_where_no_pass_lets_the_login_through() -> None:
    assert access(enrolled=True).known(SITE, ERIN) is None
    assert access(Method.NONE).known(AT_ONCE, ERIN) is None
    assert access(Method.NONE).known(SITE, ERIN) is not None


# ---- what a role resolver sees --------------------------------------------------------------------------------------


class Sees:
    """A role resolver that keeps what it is shown."""

    Options = dict

    def __init__(self) -> None:
        self.shown: list[Request] = []

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        yield from ()
        self.shown.append(request)
        return frozenset({"Manager"})


def test_a_role_resolver_sees_the_request_without_cookies_of_ours() -> None:
    sees = Sees()
    at = replace(ENFORCED, roles=sees)
    asked = request((b"cookie", b"sid=1; " + SITE.cookies.passes + b"=secret; 2fa-flow-other-x=2"), (b"x-team", b"a"))
    assert step(roles_of(at, ERIN, asked)).result == {"Manager"}
    (shown,) = sees.shown
    assert dict(shown.headers) == {b"cookie": b"sid=1", b"x-team": b"a"}


def test_a_request_without_any_is_shown_as_it_came() -> None:
    sees = Sees()
    asked = request((b"cookie", b"sid=1"))
    step(roles_of(replace(ENFORCED, roles=sees), ERIN, asked))
    assert sees.shown == [asked]

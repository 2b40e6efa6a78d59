from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from core.identity.asking import (
    NOW,
    context,
    flask_cookie,
    identified,
    options,
    request,
    signed_cookie,
    with_cookie,
)
from twofa_middleware.asks import Call
from twofa_middleware.drive import drive
from twofa_middleware.http import Request
from twofa_middleware.identify import (
    CannotTell,
    Conflicting,
    Known,
    Nobody,
    Unclaimed,
    identify,
    says_same,
)
from twofa_middleware.identity.bearer import Bearer
from twofa_middleware.identity.remote_user import RemoteUser
from twofa_middleware.protocol import Anonymous, Ask, Flow, Identity, IdentityResolver, Login, Reads, Unknown

ADA, BEA = Login("ada"), Login("bea")
NONE: frozenset[bytes] = frozenset()


class Says:
    """A plugin of anybody's that answers what it was made with, and remembers that it was asked."""

    Options: ClassVar[type] = dict
    pure = False

    def __init__(self, answer: Any, cookies: tuple[bytes, ...] = (), headers: tuple[bytes, ...] = ()) -> None:
        self.answer = answer
        self.reads = Reads(frozenset(cookies), frozenset(headers))
        self.asked = 0

    def resolve(self, request: Request) -> Flow[Identity]:
        self.asked += 1
        answer = yield from Call(self._say, ())
        result: Identity = answer
        return result

    def _say(self) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def bearer() -> IdentityResolver:
    return Bearer(options(Bearer, callable="core.identity.portal_functions:user_of_token"), context())


# ---- together -------------------------------------------------------------------------------------------------------


def test_nobody_is_logged_in_when_all_say_so() -> None:
    assert identified(request()) == Nobody(NONE)
    assert identified(request(), Says(Anonymous()), Says(Anonymous())) == Nobody(NONE)


def test_the_first_login_in_configured_order_counts() -> None:
    first, second = Login("ada", None, "Ada"), Login("ada", "s2", "A.")
    assert identified(request(), Says(Anonymous()), Says(first), Says(second)) == Known(first, "resolver 2", NONE)


def test_a_login_holds_only_as_long_as_all_would_say_so() -> None:
    found = identified(request(), Says(Login("ada")), Says(Login("ada", expires=50)), Says(Login("ada", expires=40)))
    assert found == Known(Login("ada", expires=40), "resolver 1", NONE)


@pytest.mark.parametrize("first", [ADA, Unknown("odd"), RuntimeError("down"), None], ids=repr)
def test_all_are_asked_whatever_the_first_one_says(first: object) -> None:
    others = [Says(ADA), Says(Anonymous())]
    identified(request(), Says(first), *others)
    assert [other.asked for other in others] == [1, 1]


def test_a026_two_different_users_are_a_conflict() -> None:
    assert isinstance(identified(request(), Says(ADA), Says(Anonymous()), Says(BEA)), Conflicting)


def test_a026_two_different_users_are_a_conflict_even_beside_an_unknown() -> None:
    assert isinstance(identified(request(), Says(ADA), Says(Unknown("odd")), Says(BEA)), Conflicting)


@pytest.mark.parametrize(("one", "other"), [("Ada", "ada"), ("0", "00"), ("stra\xdfe", "strasse"), ("a", "\u0430")])
def test_a027_users_that_look_alike_are_different_users(one: str, other: str) -> None:
    assert isinstance(identified(request(), Says(Login(one)), Says(Login(other))), Conflicting)


def test_one_who_cannot_tell_outweighs_a_login() -> None:
    assert identified(request(), Says(ADA), Says(Unknown("odd"))) == CannotTell("resolver 2: odd")


def test_a020_an_exception_is_kept_with_its_resolver_and_never_means_nobody() -> None:
    error = RuntimeError("password=hunter2")
    found = identified(request(), Says(ADA), Says(error), Says(OSError()))
    assert found == CannotTell("resolver 2 failed: RuntimeError", error)


def test_a020_a_resolver_that_raises_before_it_asks_is_kept_as_well() -> None:
    class Broken(Says):
        def resolve(self, request: Request) -> Flow[Identity]:
            raise LookupError

    assert isinstance(identified(request(), Broken(ADA)), CannotTell)


def test_a020_a_function_that_raises_stop_iteration_has_not_answered() -> None:
    assert isinstance(identified(request(), Says(StopIteration(ADA))), CannotTell)


def test_a_cancelled_request_is_not_turned_into_an_answer() -> None:
    with pytest.raises(KeyboardInterrupt):
        identified(request(), Says(KeyboardInterrupt()))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "ada",
        True,
        Login(""),
        Login(" ada"),
        Login(True),  # type: ignore[arg-type]
        Login("A\u030angstrom"),
        pytest.param(Login("ada", session=7), id="a number as session"),  # type: ignore[arg-type]
        pytest.param(Login("ada", session="\ud800"), id="half a character as session"),
        Login("ada", label=None),  # type: ignore[arg-type]
        Login("ada", expires="1"),  # type: ignore[arg-type]
    ],
    ids=ascii,
)
def test_a028_an_odd_answer_of_a_plugin_cannot_tell(answer: object) -> None:
    assert isinstance(identified(request(), Says(answer)), CannotTell)


def test_a_numeric_id_of_a_plugin_is_its_decimal() -> None:
    found = identified(request(), Says(Login(7)), Says(Login("7")))  # type: ignore[arg-type]
    assert found == Known(Login("7"), "resolver 1", NONE)


# ---- what came twice ------------------------------------------------------------------------------------------------


def test_a026_a_cookie_that_is_read_and_sent_twice_is_a_conflict_and_nobody_is_asked() -> None:
    resolver = Says(ADA, cookies=(b"session",))
    for line in (b"session=a; session=b", b"session=a; x=1; session=a", b"session=; session=a"):
        assert isinstance(identified(with_cookie(line), resolver), Conflicting)
    split = request((b"cookie", b"session=a"), (b"cookie", b"session=b"))
    assert isinstance(identified(split, resolver), Conflicting)
    assert resolver.asked == 0


def test_a_cookie_that_nobody_reads_may_come_twice() -> None:
    resolver = Says(ADA, cookies=(b"session",))
    asked = with_cookie(b"theme=a; theme=b; session=c; xsession=d; session2=e; f=session=1&session=2")
    assert identified(asked, resolver) == Known(ADA, "resolver 1", NONE)


@pytest.mark.parametrize(
    "line",
    [
        b"\xa0session=a",
        b"x=1; \x0bsession=a",
        b"session\x85=a",
        b"\xe2\x80\x83session=a",
        b"x=1 session=a",
        b"x=1,session=a",
        b"x=1, session=a",
        b'x="session=a',
        b"\x00session=a",
        b"session=a; \x1csession=b",
        b"session=a session=b",
        b"session\xe2\x80\x83 = a",
    ],
)
def test_a026_a_cookie_that_only_laxer_parsers_would_find_is_a_conflict(line: bytes) -> None:
    assert isinstance(identified(with_cookie(line), Says(Anonymous(), cookies=(b"session",))), Conflicting)
    assert isinstance(identified(with_cookie(line), foreign_cookies=frozenset({b"session"})), Conflicting)
    assert isinstance(identified(with_cookie(line), credential_cookies=frozenset({b"session"})), Conflicting)


def test_a025_a_header_that_is_read_and_sent_twice_is_a_conflict() -> None:
    twice = request((b"x-user", b"ada"), (b"x-user", b"ada"))
    assert isinstance(identified(twice, Says(ADA, headers=(b"x-user",))), Conflicting)
    assert identified(twice, Says(ADA)) == Known(ADA, "resolver 1", NONE)
    both = request((b"authorization", b"Bearer ada"), (b"authorization", b"Bearer bea"))
    assert isinstance(identified(both, bearer()), Conflicting)


def test_a024_a_header_with_an_underscore_for_its_dash_is_a_conflict() -> None:
    resolver = Says(ADA, headers=(b"x-user",))
    assert isinstance(identified(request((b"x_user", b"bea")), resolver), Conflicting)
    assert isinstance(identified(request((b"x-user", b"ada"), (b"x_user", b"bea")), resolver), Conflicting)
    underscored = Says(ADA, headers=(b"x_user",))
    assert identified(request((b"x_user", b"ada")), underscored) == Known(ADA, "resolver 1", NONE)
    assert isinstance(identified(request((b"x-user", b"bea")), underscored), Conflicting)


# ---- credentials that nobody read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"Basic YTpi", b"Bearer", b"Negotiate x", b""])
def test_an_authorization_header_that_nobody_reads_is_unclaimed_also_beside_a_login(value: bytes) -> None:
    asked = request((b"authorization", value))
    assert identified(asked) == Unclaimed()
    assert identified(asked, Says(Anonymous())) == Unclaimed()
    assert identified(asked, Says(ADA), bearer()) == Unclaimed()


def test_an_authorization_header_is_claimed_by_one_who_has_read_it() -> None:
    assert identified(request((b"authorization", b"Bearer ada")), bearer()) == Known(ADA, "resolver 1", NONE)
    assert identified(request((b"authorization", b"Bearer forged")), bearer()) == Nobody(NONE)
    basic = Says(Anonymous(), headers=(b"authorization",))
    assert identified(request((b"authorization", b"Basic YTpi")), bearer(), basic) == Nobody(NONE)


def test_a_conflict_or_a_failure_weighs_more_than_an_unclaimed_header() -> None:
    asked = request((b"authorization", b"Basic YTpi"))
    assert isinstance(identified(asked, Says(ADA), Says(BEA)), Conflicting)
    assert isinstance(identified(asked, Says(Unknown("odd"))), CannotTell)


def test_proxy_authorization_is_no_credential_of_the_apps() -> None:
    assert identified(request((b"proxy-authorization", b"Basic YTpi"))) == Nobody(NONE)


def test_an_unread_cookie_is_taken_out_unless_another_resolver_has_read_it() -> None:
    unread = Says(Anonymous(frozenset({b"session"})), cookies=(b"session",))
    read = Says(Anonymous(), cookies=(b"session",))
    asked = with_cookie(b"session=a; theme=b")
    assert identified(asked, unread) == Nobody(frozenset({b"session"}))
    assert identified(asked, unread, Says(ADA)) == Known(ADA, "resolver 2", frozenset({b"session"}))
    assert identified(asked, unread, read) == Nobody(NONE)
    assert identified(asked, read, unread) == Nobody(NONE)
    assert identified(asked, unread, unread) == Nobody(frozenset({b"session"}))


def test_a_remember_me_cookie_that_nobody_has_read_is_taken_out() -> None:
    asked, remember = with_cookie(b"remember_token=a; theme=b"), frozenset({b"remember_token"})
    assert identified(asked, credential_cookies=remember) == Nobody(remember)
    assert identified(asked, Says(ADA), credential_cookies=remember) == Known(ADA, "resolver 1", remember)
    reads = Says(ADA, cookies=(b"remember_token",))
    assert identified(asked, reads, credential_cookies=remember) == Known(ADA, "resolver 1", NONE)


def test_a_session_of_another_app_is_taken_out() -> None:
    asked, foreign = with_cookie(b"manage_session=a; session=b"), frozenset({b"manage_session"})
    resolver = Says(ADA, cookies=(b"session",))
    assert identified(asked, resolver, foreign_cookies=foreign) == Known(ADA, "resolver 1", foreign)


def test_only_cookies_that_came_are_taken_out_so_that_other_requests_stay_untouched() -> None:
    asked = with_cookie(b"theme=b")
    kept_back = frozenset({b"remember_token", b"manage_session"})
    assert identified(asked, credential_cookies=kept_back, foreign_cookies=kept_back) == Nobody(NONE)


# ---- with the real resolvers ----------------------------------------------------------------------------------------


def test_a026_a_cookie_and_a_token_of_two_people_are_a_conflict(tmp_path: Path) -> None:
    asked = request((b"cookie", b"session=" + flask_cookie({"user_id": "bea"})), (b"authorization", b"Bearer ada"))
    assert isinstance(identified(asked, signed_cookie(tmp_path), bearer()), Conflicting)


def test_a_cookie_and_a_token_of_one_person_are_one_login_by_the_first(tmp_path: Path) -> None:
    asked = request((b"cookie", b"session=" + flask_cookie({"user_id": "ada"})), (b"authorization", b"Bearer ada"))
    found = identified(asked, signed_cookie(tmp_path), bearer())
    assert found == Known(Login("ada", expires=NOW + 31 * 86400), "resolver 1", NONE)


def test_a026_an_expired_session_is_taken_out_and_a_valid_one_of_nobody_stays(tmp_path: Path) -> None:
    resolver = signed_cookie(tmp_path, max_age_seconds=600)
    expired = with_cookie(b"session=" + flask_cookie({"user_id": "ada"}, at=NOW - 601))
    assert identified(expired, resolver) == Nobody(frozenset({b"session"}))
    assert identified(with_cookie(b"session=" + flask_cookie({"csrf": "x"})), resolver) == Nobody(NONE)


def test_a020_a_directory_that_is_down_cannot_tell_even_beside_a_session(tmp_path: Path) -> None:
    asked = request((b"cookie", b"session=" + flask_cookie({"user_id": "ada"})), (b"authorization", b"Bearer down"))
    found = identified(asked, signed_cookie(tmp_path), bearer())
    assert isinstance(found, CannotTell)
    assert type(found.error).__name__ == "DirectoryDown"


def test_pure_resolvers_ask_nothing(tmp_path: Path) -> None:
    def refuse(ask: Ask[Any]) -> Any:
        raise AssertionError(ask)

    resolvers: list[tuple[str, IdentityResolver]] = [
        ("signed_cookie", signed_cookie(tmp_path)),
        ("remote_user", RemoteUser(options(RemoteUser), context())),
    ]
    asked = with_cookie(b"session=" + flask_cookie({"user_id": "ada"}))
    assert isinstance(drive(identify(resolvers, asked, credential_cookies=NONE, foreign_cookies=NONE), refuse), Known)


# ---- the same log-in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (None, None, True),
        (None, ADA, False),
        (ADA, None, False),
        (ADA, Login("ada", None, "Ada", "ada@example.com", 5), True),
        (ADA, BEA, False),
        (ADA, Login("ada", "s1"), False),
        (Login("ada", "s1"), Login("ada", "s2"), False),
        (Login("ada", "s1"), Login("ada", "s1", "A."), True),
        (Login("ada", "s1"), Login("bea", "s1"), False),
    ],
    ids=range(9),
)
def test_a030_a_log_in_is_the_same_by_user_and_session(a: Login | None, b: Login | None, same: bool) -> None:
    assert says_same(a, b) is same

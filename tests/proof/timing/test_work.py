"""What must not be told by how long an answer takes is not known while it is made. Attacks 46 and 118."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import pytest

from support.both_ways import Gated
from support.exchange import Reply
from support.visitor import Visitor

from .work import Work, work_of


@dataclass
class Thief:
    """Somebody with erin's password, in a browser of his own, at the prompt; ``form`` is what the prompt would send."""

    visitor: Visitor
    form: dict[str, str]

    def sends(self, **fields: str) -> Callable[[], Reply]:
        """The form with these fields, to be sent."""
        form = self.form | fields
        if "recovery" in fields:
            form.pop("code")
        return lambda: self.visitor.post("/2fa/verify", form)


@pytest.fixture
def thief(shop: Gated, erin: Visitor) -> Thief:
    return comes(shop, erin, "login-2")


def comes(shop: Gated, erin: Visitor, login: str) -> Thief:
    """A thief in another log-in."""
    visitor = shop.visitor("erin", login)
    visitor.key = erin.key
    return Thief(visitor, visitor.filled())


def stop(shop: Gated, tries: int, kind: str = "totp") -> None:
    with closing(sqlite3.connect(shop.realm.store_file)) as db, db:
        (user,) = db.execute("SELECT user FROM accounts").fetchone()
        db.executemany(
            "INSERT INTO tries (user, kind, at) VALUES (?, ?, ?)", [(user, kind, shop.realm.clock.now)] * tries
        )


def nearly(code: str, place: int) -> str:
    """The code with another digit or letter at a place."""
    letter = "1" if code[place] == "0" else "0"
    return code[:place] + letter + code[place:][1:]


def forgiven(shop: Gated, send: Callable[[], Reply]) -> Work:
    """With no try before it that would make anybody wait."""
    with closing(sqlite3.connect(shop.realm.store_file)) as db, db:
        db.execute("DELETE FROM tries")
        db.execute("DELETE FROM waits")
    return work_of(shop, send)


def test_a046_a118_while_waiting_a_right_code_makes_the_same_work_as_a_wrong_one(
    shop: Gated, erin: Visitor, thief: Thief
) -> None:
    for _ in range(6):
        thief.sends(code=erin.wrong_code())()
    right, wrong = (work_of(shop, thief.sends(code=code)) for code in (erin.code(), erin.wrong_code()))
    assert right == wrong
    assert (right.status, right.codes) == (429, 0)


def test_a046_a118_when_stopped_a_right_code_makes_the_same_work_as_a_wrong_one(
    shop: Gated, erin: Visitor, thief: Thief
) -> None:
    stop(shop, 50)
    right, wrong = (work_of(shop, thief.sends(code=code)) for code in (erin.code(), erin.wrong_code()))
    assert right == wrong
    assert (right.status, right.codes) == (429, 0)


def test_a046_a118_after_too_many_recovery_codes_a_right_one_makes_the_same_work_as_a_wrong_one(
    shop: Gated, erin: Visitor, thief: Thief
) -> None:
    stop(shop, 10, "recovery")
    right, wrong = (work_of(shop, thief.sends(recovery=text)) for text in (erin.codes[0], "0000-0000-0000-0000"))
    assert right == wrong
    assert right.status == 429


def test_a118_a_code_that_is_nearly_right_makes_the_same_work_as_one_that_is_not(
    shop: Gated, erin: Visitor, thief: Thief
) -> None:
    near = {erin.code(30 * steps) for steps in range(-21, 3)}
    texts = [text for place in range(6) if (text := nearly(erin.code(), place)) not in near]
    first, *others = (forgiven(shop, thief.sends(code=text)) for text in (erin.wrong_code(), *texts, "", "x", "12345"))
    assert others == [first] * len(others)
    assert (first.status, first.codes > 0) == (422, True)


def test_a118_a_right_code_is_looked_for_no_longer_than_a_wrong_one(shop: Gated, erin: Visitor) -> None:
    shop.realm.clock.on(90)
    early, late, wrong = (
        forgiven(shop, comes(shop, erin, f"login-{code}").sends(code=code))
        for code in (erin.code(-30), erin.code(), erin.wrong_code())
    )
    assert early == late
    assert (late.status, wrong.status) == (303, 422)
    assert wrong.asked[:2] == late.asked[:2] == ("Look", "TakeAttempt")
    assert wrong.codes == late.codes


def test_a118_it_does_not_matter_how_much_of_a_recovery_code_is_right(shop: Gated, erin: Visitor, thief: Thief) -> None:
    texts = [nearly(code, place) for code in (erin.codes[0], erin.codes[9]) for place in (0, 9, 18)]
    first, *others = (forgiven(shop, thief.sends(recovery=text)) for text in ("0" * 16, *texts, "", "x" * 60))
    assert others == [first] * len(others)
    assert first.status == 422


def test_a118_it_does_not_matter_which_recovery_code_it_is(shop: Gated, erin: Visitor) -> None:
    works = []
    for login, code in enumerate((erin.codes[0], erin.codes[9], erin.codes[5]), 2):
        with closing(sqlite3.connect(shop.realm.store_file)) as db:
            before = db.execute("SELECT * FROM codes").fetchall()
        works.append(forgiven(shop, comes(shop, erin, f"login-{login}").sends(recovery=code)))
        with closing(sqlite3.connect(shop.realm.store_file)) as db, db:  # all ten are there again
            db.executemany("INSERT OR IGNORE INTO codes VALUES (?, ?)", before)
    assert works == [works[0]] * 3
    assert works[0].status == 303


def test_a118_it_does_not_matter_how_much_of_a_form_token_is_right(shop: Gated, erin: Visitor, thief: Thief) -> None:
    token = thief.form["token"]
    places = (len(token) - 1, len(token) - 20, token.index(".") + 1)
    first, *others = (work_of(shop, thief.sends(token=nearly(token, place), code=erin.code())) for place in places)
    assert others == [first] * len(others)
    assert (first.status, "TakeAttempt" in first.asked) == (403, False)


PASS, BROWSER = "2fa-pass-test-shop", "2fa-browser-test-"


def visit(shop: Gated, **cookies: str) -> Work:
    visitor = shop.visitor("erin")
    visitor.cookies |= cookies
    return work_of(shop, lambda: visitor.go("/home"))


def test_a118_a_pass_that_has_ended_makes_the_same_work_as_one_that_never_was(shop: Gated, erin: Visitor) -> None:
    ended = erin.cookie("pass")
    with closing(sqlite3.connect(shop.realm.store_file)) as db, db:
        db.execute("DELETE FROM passes")
    user, _, token = ended.partition(".")
    made_up = f"{user}.{nearly(token, 0)}"
    assert visit(shop, **{PASS: ended}) == visit(shop, **{PASS: made_up})


def test_a118_a_browser_that_was_forgotten_makes_the_same_work_as_one_that_never_was(
    shop: Gated, erin: Visitor
) -> None:
    other = shop.visitor("erin", "login-2")
    other.key = erin.key
    other.verify(remember="1")
    name = next(name for name in other.cookies if name.startswith(BROWSER))
    with closing(sqlite3.connect(shop.realm.store_file)) as db, db:
        db.execute("DELETE FROM browsers")
    assert visit(shop, **{name: other.cookies[name]}) == visit(shop, **{name: nearly(other.cookies[name], 0)})


def test_a118_before_the_password_nobody_learns_who_has_a_second_factor(shop: Gated, erin: Visitor) -> None:
    def logs_in(user: str) -> Work:
        return work_of(shop, lambda: shop.visitor().go(f"/login-failed?user={user}", "POST"))

    assert logs_in("erin") == logs_in("nobody")
    for page in ("verify", "setup", "account"):
        asked = work_of(shop, partial(shop.visitor().go, f"/2fa/{page}"))
        assert (asked.status, asked.asked) == (303, ())

"""Recovery codes: each works once, they are shown once, and a new set kills the old one. Attacks 59, 69, 72 to 74."""

from __future__ import annotations

import pytest

from support.exchange import Reply
from support.stage import Stage
from support.visitor import Visitor, codes_of, forms_of


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    return erin


def test_a_recovery_code_passes_like_a_code(erin: Visitor) -> None:
    assert erin.recover(erin.codes[3]).header("location") == "/home"
    assert erin.go("/home").status == 200
    assert "(9 of 10 left)" in erin.go("/2fa/account").text


@pytest.mark.parametrize(("old", "new"), [("-", ""), ("-", " "), ("-", " - "), ("0", "O"), ("1", "L"), ("1", "i")])
def test_a_recovery_code_may_be_typed_as_people_do(erin: Visitor, old: str, new: str) -> None:
    assert erin.recover(erin.codes[0].replace(old, new).upper()).status == 303


def test_a072_a_recovery_code_works_once(erin: Visitor, stage: Stage) -> None:
    erin.recover(erin.codes[0])
    there = stage.meets(erin, "office")
    there.log_in()
    for visitor in (there, stage.visitor("erin", "login-3")):
        reply = visitor.recover(erin.codes[0])
        assert (reply.status, visitor.go("/home").status) == (422, 303)


@pytest.mark.parametrize("text", ["", " ", "x", "null", "0" * 16, "true", "recovery", "-" * 16, "é" * 16, "0" * 5000])
def test_a073_nothing_else_is_a_recovery_code(erin: Visitor, text: str) -> None:
    reply = erin.recover(text)
    assert (reply.status, "9 tries left in this hour" in reply.text) == (422, True)
    assert erin.go("/home").status == 303


def test_a073_a_recovery_code_in_the_field_for_codes_is_none_and_the_other_way_round(erin: Visitor) -> None:
    assert erin.verify(erin.codes[0]).status == 422
    assert erin.recover(erin.code()).status == 422
    assert erin.go("/home").status == 303


def test_a030_the_recovery_code_of_one_user_is_none_of_anothers(erin: Visitor, stage: Stage) -> None:
    wendy = stage.enrolled("wendy")
    assert erin.recover(wendy.codes[0]).status == 422


def test_a074_the_codes_have_80_random_bits_and_none_comes_twice(erin: Visitor, stage: Stage) -> None:
    wendy = stage.enrolled("wendy")
    every = {*erin.codes, *wendy.codes}
    assert len(every) == 20
    assert all(len(code.replace("-", "")) * 5 == 80 for code in every)


def test_new_codes_need_a_fresh_code_and_kill_the_old_ones(erin: Visitor, stage: Stage) -> None:
    erin.verify()
    stage.clock.on(30)
    assert erin.confirm("codes", erin.wrong_code()).status == 422
    old, shown = erin.codes, erin.confirm("codes")
    fresh = codes_of(shown.text)
    assert (len(set(fresh)), set(fresh) & set(old)) == (10, set())
    erin.log_in(login="login-3")
    assert erin.recover(old[0]).status == 422
    assert erin.recover(fresh[0]).status == 303


def test_a072_the_codes_are_dead_after_disable_and_a_new_set_up(erin: Visitor, stage: Stage) -> None:
    erin.verify()
    old = erin.codes
    stage.clock.on(30)
    erin.confirm("disable")
    stage.clock.on(30)
    erin.set_up()
    erin.log_in(login="login-3")
    assert erin.recover(old[0]).status == 422


def test_a069_new_codes_may_be_made_with_a_recovery_code_and_never_without_any(erin: Visitor) -> None:
    erin.verify()
    page = erin.go("/2fa/codes?with=recovery")
    assert len(codes_of(erin.fill(page, "/codes", recovery=erin.codes[0]).text)) == 10
    page = erin.go("/2fa/codes")
    assert erin.fill(page, "/codes").status == 400


def test_the_codes_are_shown_once(erin: Visitor) -> None:
    erin.verify()
    pages = [erin.go(f"/2fa/{page}") for page in ("codes", "setup", "account", "codes?with=recovery")]
    assert [codes_of(page.text) for page in pages] == [[], [], [], []]


@pytest.fixture
def shown(stage: Stage) -> tuple[Visitor, Reply]:
    erin = stage.visitor("erin")
    erin.go("/2fa/setup?next=/tasks")
    page = erin.go("/2fa/setup?next=/tasks")
    reply = erin.fill(page, "/setup", code=erin.code())
    erin.codes = codes_of(reply.text)
    return erin, reply


def test_the_codes_can_be_downloaded_from_the_page_that_shows_them(shown: tuple[Visitor, Reply]) -> None:
    erin, page = shown
    file = erin.fill(page, "/codes", action="download")
    assert (file.status, file.header("content-type")) == (200, "text/plain; charset=utf-8")
    assert file.header("content-disposition") == 'attachment; filename="recovery-codes.txt"'
    assert file.header("cache-control") == "no-store"
    lines = file.text.split("\r\n")
    assert lines == ["Recovery codes: Test Portal, erin", "Each works once.", "", *erin.codes, ""]


def test_who_has_saved_the_codes_goes_on_and_who_has_not_is_asked_again(shown: tuple[Visitor, Reply]) -> None:
    erin, page = shown
    again = erin.fill(page, "/codes", action="saved")
    assert (again.status, codes_of(again.text)) == (422, erin.codes)
    assert "Tick the box when you have saved the codes." in again.text
    assert erin.fill(again, "/codes", action="saved", saved="1").header("location") == "/tasks"


@pytest.mark.parametrize("action", ["download", "saved"])
@pytest.mark.parametrize(
    "sent", ["", "0000-0000-0000-0000", "{first} 0000-0000-0000-0000", "{first} {first}", "<b>x</b>"]
)
def test_a042_what_no_page_has_shown_is_not_even_compared_with_the_codes(
    shown: tuple[Visitor, Reply], action: str, sent: str
) -> None:
    erin, page = shown
    form = next(form for form in forms_of(page.text) if form.hidden.get("action") == action)
    text = sent.format(first=erin.codes[0])
    reply = erin.post("/2fa/codes", form.hidden | {"codes": text})
    assert reply.status == 403
    assert "This form is out of date." in reply.text


def test_a042_a_part_of_the_codes_that_were_shown_is_no_question_either(shown: tuple[Visitor, Reply]) -> None:
    erin, page = shown
    form = next(form for form in forms_of(page.text) if form.hidden.get("action") == "download")
    assert erin.post("/2fa/codes", form.hidden | {"codes": erin.codes[0]}).status == 403
    assert erin.post("/2fa/codes", {name: form.hidden[name] for name in ("token", "action", "codes")}).status == 400
    erin.clock.on(30)
    assert erin.confirm("codes").status == 200
    assert erin.post("/2fa/codes", form.hidden).header("location") == "/2fa/account"


def test_a059_with_the_password_alone_nobody_gets_codes(shown: tuple[Visitor, Reply], stage: Stage) -> None:
    erin, _ = shown
    thief = stage.visitor("erin", "login-2")
    for method in ("GET", "POST"):
        reply = thief.go("/2fa/codes", method)
        assert (reply.header("location") or "").startswith("/2fa/verify")
    assert erin.go("/2fa/account").status == 200

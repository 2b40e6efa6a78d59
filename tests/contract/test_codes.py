"""Codes at the prompt: which are accepted, once, and how many may be tried. Attacks 18, 33 to 58, 110."""

from __future__ import annotations

import pytest

from support.realm import code_at
from support.stage import Open, Stage
from support.visitor import FORM_TYPE, Visitor, forms_of


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    """Erin, logged in anew in the browser in which she set it up; nothing is confirmed yet."""
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    return erin


def test_a_right_code_opens_the_app_and_leads_on(erin: Visitor) -> None:
    reply = erin.verify(next="/tasks/7?page=2")
    assert (reply.status, reply.header("location")) == (303, "/tasks/7?page=2")
    assert erin.go("/home").body == b"secret page"


@pytest.mark.parametrize("spelling", ["{0}{1}", "{0} {1}", " {0}{1} ", "{0}-{1}", "{0}   {1}"])
def test_spaces_and_hyphens_are_no_fault(erin: Visitor, spelling: str) -> None:
    code = erin.code()
    assert erin.verify(spelling.format(code[:3], code[3:])).status == 303


def _in(zero: int, code: str) -> str:
    """The code in the digits of another script, which begin at this code point."""
    return "".join(chr(zero + int(digit)) for digit in code)


ODD = {
    "blank": lambda code: "",
    "spaces": lambda code: "   ",
    "one digit": lambda code: code[0],
    "five digits": lambda code: code[:5],
    "seven digits": lambda code: code + "0",
    "plus": lambda code: "+" + code,
    "minus one": lambda code: code + "-1",
    "underscore": lambda code: code[:3] + "_" + code[3:],
    "full width": lambda code: _in(0xFF10, code),
    "arabic": lambda code: _in(0x0660, code),
    "mathematical": lambda code: _in(0x1D7CE, code),
    "one digit in devanagari": lambda code: code[:5] + _in(0x0966, code[5]),
    "line break": lambda code: code + "\n",
    "tab": lambda code: "\t" + code,
    "no-break space": lambda code: code[:3] + "\u00a0" + code[3:],
    "nul": lambda code: code + "\0",
    "twice": lambda code: code + "," + code,
    "list": lambda code: f'["{code}"]',
    "object": lambda code: f'{{"code": {code}}}',
    "float": lambda code: code + ".0",
    "hexadecimal": lambda code: hex(int(code)),
    "null": lambda code: "null",
    "true": lambda code: "true",
    "long": lambda code: code * 1000,
}


@pytest.mark.parametrize("spelling", ODD)
def test_a045_a053_what_is_no_six_ascii_digits_is_a_wrong_code_and_counted(erin: Visitor, spelling: str) -> None:
    reply = erin.verify(ODD[spelling](erin.code()))
    assert (reply.status, "4 tries left" in reply.text) == (422, True)
    assert erin.go("/home").status == 303


def test_a049_a_code_is_spent_in_every_app_of_the_realm(erin: Visitor, stage: Stage) -> None:
    there = stage.meets(erin, "office")
    there.log_in()
    used = erin.code()
    assert there.verify(used).status == 303
    reply = erin.verify(used)
    assert (reply.status, "has been used already. A new one comes in about 30 seconds" in reply.text) == (422, True)
    assert erin.go("/home").status == 303
    stage.clock.on(30)
    assert erin.verify().status == 303


def test_a049_a_code_is_spent_in_every_session(erin: Visitor, stage: Stage) -> None:
    used = erin.code()
    erin.verify(used)
    thief = stage.visitor("erin", "login-3")
    assert thief.verify(used).status == 422
    assert stage.spy.calls == []


def test_a050_a_code_before_the_last_one_is_spent_too(erin: Visitor, stage: Stage) -> None:
    before, now = erin.code(), erin.code(30)
    stage.clock.on(30)
    erin.verify(now)
    thief = stage.visitor("erin", "login-3")
    assert "has been used already" in thief.verify(before).text


@pytest.mark.parametrize(("seconds", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a044_a056_only_the_step_before_now_and_the_next_are_accepted(
    erin: Visitor, stage: Stage, seconds: int, accepted: bool
) -> None:
    stage.clock.on(300)
    assert (erin.verify(erin.code(seconds)).status == 303) == accepted


def test_a044_in_the_profile_strict_the_next_step_is_not_accepted(open_stage: Open) -> None:
    stage = open_stage(profile="strict")
    erin = stage.enrolled()
    stage.clock.on(300)
    erin.log_in(login="login-2")
    assert erin.verify(erin.code(30)).status == 422
    assert erin.verify(erin.code(-30)).status == 303


def test_a055_after_the_clock_went_back_old_codes_stay_refused(erin: Visitor, stage: Stage) -> None:
    stage.clock.on(600)
    erin.verify()
    stage.clock.on(-600)
    erin.log_in(login="login-3")
    assert "has been used already" in erin.verify(erin.code()).text


def test_a057_the_client_has_no_say_in_the_time(erin: Visitor, stage: Stage) -> None:
    later = erin.code(3600)
    page = erin.go("/2fa/verify")
    headers = [("Date", "Fri, 15 Jan 2027 09:00:30 GMT")]
    form = {"token": _token(erin, page.text), "code": later, "now": str(stage.clock.now + 3600), "time": "3600"}
    assert erin.post("/2fa/verify", form, headers).status == 422


def _token(visitor: Visitor, html: str) -> str:
    return next(form for form in forms_of(html) if form.action.endswith("/verify")).hidden["token"]


def test_a_code_of_the_past_ten_minutes_is_explained(erin: Visitor, stage: Stage) -> None:
    stage.clock.on(600)
    assert "That code is about 3 minutes old." in erin.verify(erin.code(-180)).text
    assert "isn’t right" in erin.verify(erin.code(180)).text


@pytest.mark.parametrize(
    "body",
    [
        "token={token}",
        "token={token}&code=",
        "token={token}&recovery=",
        "token={token}&code={code}&code={code}",
        "token={token}&code={wrong}&code={code}",
        "token={token}&code={code}&recovery=x",
        "token={token}&code[]={code}",
        "token={token}&Code={code}",
        "code={code}&token={token}&token={token}",
    ],
)
def test_a018_a043_a_form_passes_by_exactly_one_right_code(erin: Visitor, body: str, stage: Stage) -> None:
    page = erin.go("/2fa/verify")
    fields = {"token": _token(erin, page.text), "code": erin.code(), "wrong": erin.wrong_code()}
    reply = erin.go("/2fa/verify", "POST", [FORM_TYPE], body.format(**fields).encode())
    assert reply.status in (400, 422)
    assert erin.go("/home").status == 303
    assert stage.spy.calls == []


@pytest.mark.parametrize("field", ["user", "user_id", "username", "verify", "login"])
def test_a029_the_form_never_names_the_user(erin: Visitor, stage: Stage, field: str) -> None:
    wendy = stage.enrolled("wendy")
    wendy.log_in("wendy", "login-2")
    page = wendy.go(f"/2fa/verify?{field}=erin")
    form = {"token": _token(wendy, page.text), "code": erin.code(), field: "erin"}
    assert wendy.post(f"/2fa/verify?{field}=erin", form).status == 422
    thief = stage.visitor("erin", "login-3")
    thief.cookies |= {name: value for name, value in wendy.cookies.items() if name.startswith("2fa-")}
    assert thief.go("/home").status == 303


def test_a058_a_clock_before_1970_accepts_nothing_and_breaks_nothing(erin: Visitor, stage: Stage) -> None:
    assert code_at(erin.key, 0) != code_at(erin.key, 30)
    stage.clock.now = 10
    early = stage.visitor("erin", "login-9")
    assert early.go("/2fa/verify").status == 200
    assert early.verify(erin.code()).status == 422
    assert early.go("/home").status == 303

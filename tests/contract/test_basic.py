"""Basic at the doors of an app: its own 401, the second factor of who is right, and no way round by another spelling."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from support.house import BASIC, PROBE, House, basic, fails, is_slow
from support.spy import HTML, Call, Told
from support.stage import Open, Stage
from support.visitor import Visitor

ERIN = basic("erin", "right")


@pytest.fixture
def house() -> House:
    return House(passwords={"erin": "right", "wendy": "hers"}, sessions={"s2": ("wendy", "login-2")})


@pytest.fixture
def stage(open_stage: Open, house: House) -> Stage:
    return open_stage(house.routes, shop={"identity": [PROBE, BASIC]})


class Client(Visitor):
    """A program that sends its password with each request, and keeps cookies."""

    def _ask(self, method: str, target: str, headers: Any, body: bytes) -> Any:
        return super()._ask(method, target, [*headers, ERIN], body)


def client(stage: Stage) -> Client:
    made = Client(stage.exchange(), stage.clock)
    stage.everybody.append(made)
    return made


def enrolled(stage: Stage) -> Client:
    erin = client(stage)
    assert erin.set_up().status == 200
    stage.clock.on(30)
    stage.spy.calls.clear()
    return erin


def served(stage: Stage) -> list[str]:
    return [call.path for call in stage.spy.calls if call.path not in ("/dav/", "/api/me")]


def test_a003_who_is_right_by_basic_is_asked_for_the_second_factor(stage: Stage) -> None:
    assert client(stage).go("/dav/file").body == b"secret page"
    erin = enrolled(stage)
    again = client(stage)
    again.key = erin.key
    assert again.fetch("/dav/file").status == 403
    assert served(stage) == []
    assert again.verify(next="/dav/file").header("location") == "/dav/file"
    assert again.fetch("/dav/file").body == b"secret page"


def test_a033_codes_are_counted_for_who_comes_by_basic(stage: Stage) -> None:
    erin = enrolled(stage)
    again = client(stage)
    again.key = erin.key
    form = again.filled()
    replies = [again.post("/2fa/verify", form | {"code": erin.wrong_code()}) for _ in range(6)]
    assert replies[-1].status == 429
    again.post("/2fa/verify", form)
    assert again.fetch("/dav/file").status == 403
    assert served(stage) == []


def test_a_wrong_password_gets_the_app_s_own_401(stage: Stage, house: House, wrap: Any) -> None:
    bare = wrap(None, stage.spy)
    for method in ("GET", "HEAD"):
        asked = (method, "/dav/file", [("Accept", "*/*"), basic("erin", "wrong")])
        assert stage.exchange().request(*asked) == bare.request(*asked)
    assert bare.request("GET", "/dav/file", [basic("erin", "wrong")]).status == 401


def test_a_wrong_password_never_reaches_the_app_with_what_changes_something(stage: Stage) -> None:
    reply = stage.exchange().request("PUT", "/dav/file", [basic("erin", "wrong")], b"content")
    assert (reply.status, reply.body) == (401, b"no: ")
    assert "authorization" not in next(call for call in stage.spy.calls if call.method == "PUT").headers


def test_a003_a_password_that_the_door_refuses_and_the_app_takes_is_stopped(stage: Stage, house: House) -> None:
    house.open_files.add("/dav/file")
    reply = stage.exchange().request("GET", "/dav/file", [basic("erin", "wrong")])
    assert (reply.status, b"secret" in reply.body) == (503, False)


def test_a003_a_header_that_the_door_refuses_is_not_added_to_a_session(stage: Stage) -> None:
    headers = [basic("erin", "wrong"), ("Cookie", "sid=s2"), ("Sec-Fetch-Mode", "navigate")]
    stage.exchange().request("GET", "/dav/file", headers)
    assert "authorization" not in next(call for call in stage.spy.calls if call.path == "/dav/file").headers


def test_a026_a_session_and_a_password_of_two_people_are_refused(stage: Stage) -> None:
    assert stage.exchange().request("GET", "/dav/file", [ERIN, ("Cookie", "sid=s2")]).status == 400
    assert served(stage) == []


@pytest.mark.parametrize("path", ["/home", "/dav", "/davx", "/api/me", "//dav/file", "/dav/%66ile", "/dav/../home"])
def test_a003_elsewhere_the_header_is_refused(stage: Stage, path: str) -> None:
    assert stage.exchange().request("GET", path, [ERIN]).status == 403
    assert stage.spy.calls == []


def odd(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    "value",
    [
        odd(b"erin:right").rstrip("="),
        odd(b"erin:right") + "=",
        odd(b"erin:right").replace("p", "p "),
        odd(b"erin:right").replace("Basic ", "Basic  "),
        odd(b"erin:right").replace("Basic ", ""),
        odd(b"erin"),
        odd(b":right"),
        odd(b"erin\x00:right"),
        odd(b"erin:right\n"),
        odd(b"\xe9rin:right"),
        "Basic",
        "Digest username=erin",
        "Bearer token",
    ],
)
def test_a025_a_header_that_can_be_read_in_two_ways_is_refused(stage: Stage, value: str) -> None:
    assert stage.exchange().request("GET", "/dav/file", [("Authorization", value)]).status == 403
    assert stage.spy.calls == []


def test_a025_two_headers_are_refused(stage: Stage) -> None:
    assert stage.exchange().request("GET", "/dav/file", [ERIN, basic("wendy", "hers")]).status in (400, 403)
    assert stage.spy.calls == []


@pytest.mark.parametrize("answer", [fails, is_slow, lambda _: Told(200, [HTML], b"open to all")], ids=repr)
def test_a020_a_door_that_does_not_work_is_503(stage: Stage, house: House, answer: Any) -> None:
    house.answers["/dav/"] = answer
    assert stage.exchange().request("GET", "/dav/file", [ERIN]).status == 503
    assert served(stage) == []


def test_a003_a_door_that_is_opened_to_all_is_found_within_a_minute(stage: Stage, house: House) -> None:
    ask = stage.exchange().request
    assert ask("GET", "/dav/file", [ERIN]).status == 200
    house.answers["/dav/"] = lambda _: Told(200, [HTML], b"open to all")
    stage.clock.on(60)
    assert ask("GET", "/dav/file", [basic("wendy", "wrong")]).status == 503


def test_a027_an_app_that_takes_names_in_any_case_has_one_account_for_all_of_them(
    open_stage: Open, house: House
) -> None:
    house.folds_names = True
    stage = open_stage(house.routes, shop={"identity": [BASIC | {"names": "lower"}]})
    enrolled(stage)
    for name in ("erin", "Erin", "ERIN"):
        assert stage.exchange().request("GET", "/dav/file", [basic(name, "right")]).status == 403
    assert served(stage) == []


def test_a027_with_exact_names_another_spelling_is_somebody_else_to_both(stage: Stage) -> None:
    enrolled(stage)
    assert stage.exchange().request("GET", "/dav/file", [basic("Erin", "right")]).status == 401


def test_a027_the_page_may_name_the_id_itself(open_stage: Open, house: House) -> None:
    def dav(call: Call) -> Told:
        told = house.dav(call)
        return told if told.status == 401 else Told(200, [HTML], b'<p data-user="17">secret page')

    house.answers["/dav/"] = dav
    pattern = {"user": 'data-user="([0-9]+)"', "format": "text"}
    identity = {key: value for key, value in BASIC.items() if key != "names"} | pattern
    stage = open_stage(house.routes, shop={"identity": [identity]})
    assert client(stage).go("/2fa/account").status == 200
    enrolled(stage)
    assert stage.events()[0].user == "17"

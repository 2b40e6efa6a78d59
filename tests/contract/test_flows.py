"""The ways of a person through the pages, on both adapters."""

from __future__ import annotations

from support.spy import Spy
from support.visitor import Visitor


def test_who_has_no_second_factor_and_needs_none_reaches_the_app(visitor: Visitor, spy: Spy) -> None:
    visitor.log_in()
    assert visitor.go("/home").body == b"secret page"
    assert [call.path for call in spy.calls] == ["/home"]


def test_set_up_prompt_and_verification(visitor: Visitor, spy: Spy) -> None:
    visitor.log_in()
    shown = visitor.set_up()
    assert shown.status == 200
    assert len(visitor.codes) == 10
    assert visitor.go("/home").body == b"secret page"
    visitor.log_in(login="login-2")
    spy.calls.clear()
    asked = visitor.go("/home?page=2")
    assert asked.status == 303
    assert asked.header("location") == "/2fa/verify?next=/home%3Fpage%3D2"
    assert spy.calls == []
    visitor.clock.on(30)
    passed = visitor.verify(next="/home")
    assert (passed.status, passed.header("location")) == (303, "/home")
    assert visitor.go("/home").body == b"secret page"

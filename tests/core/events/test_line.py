"""Who carries makes the line of the store longer, every few seconds, so that an older copy can be told. Attack 113."""

from __future__ import annotations

from core.events.conftest import Opened
from support.realm import NOW, Realm
from support.receiver import emit, eventually
from twofa_middleware.asks import ReadMark
from twofa_middleware.courier.rounds import ASK_SECONDS
from twofa_middleware.runtime import Runtime
from twofa_middleware.stores.line import LINE, Line


def line(runtime: Runtime) -> Line:
    return Line.of(runtime.answer(ReadMark(LINE)))


def test_who_carries_adds_a_tick_whenever_the_lease_is_renewed(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm)
    emit(runtime, "erin", at=NOW)
    for count in (1, 2, 3):
        eventually(lambda count=count: line(runtime).count == count)  # type: ignore[misc]
        assert line(runtime).at == realm.clock.now
        realm.clock.on(ASK_SECONDS)


def test_one_of_two_servers_adds_it_and_the_other_leaves_it(realm: Realm, opened: Opened) -> None:
    first, second = opened(realm), opened(realm)
    emit(first, "erin", at=NOW)
    eventually(lambda: line(first).count == 1)
    emit(second, "wendy", at=NOW)
    for count in (2, 3):
        realm.clock.on(ASK_SECONDS)
        eventually(lambda count=count: line(second).count == count)  # type: ignore[misc]


def test_who_does_not_carry_adds_none(realm: Realm, opened: Opened) -> None:
    runtime = opened(realm, carry=False)
    emit(runtime, "erin", at=NOW)
    runtime.close()
    assert line(opened(realm, carry=False)) == Line()

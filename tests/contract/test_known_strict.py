"""A known request to a strict path goes on when the store has said again what the decision was made of, whatever this
process has noticed of changes meanwhile. Attacks 6, 20, 21 and 111.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from contract.conftest import OpenBoth
from contract.test_known_requests import ENDS, ROUTES, is_reset_by_an_administrator
from support.both_ways import Gated
from support.stage import Stage
from support.visitor import Visitor
from twofa_middleware.asks import TOUCH_SECONDS, Look
from twofa_middleware.errors import UnreadableRecord

STRICT = {"strict": ["ANY /admin/**"]}


def blind(shop: Gated) -> Gated:
    """Nothing that changes is told to this process, neither by its store nor by itself."""
    shop.hot._near._stamp = lambda: 1
    shop.hot._near.forget = lambda user: None
    return shop


@pytest.fixture
def shop(open_both: OpenBoth) -> Gated:
    return blind(open_both(ROUTES, shop=STRICT).short)


def test_the_store_is_asked_each_time_and_nothing_else_is(shop: Gated) -> None:
    erin = shop.known()
    decided = shop.decided
    for method in ("GET", "POST", "DELETE"):
        assert erin.fetch("/admin/users", method).body == b"secret page"
    assert (shop.asked, shop.decided) == (["Look"] * 3, decided)
    assert not any("2fa-" in call.headers["cookie"] for call in shop.spy.calls)


@pytest.mark.parametrize("ends", ENDS)
def test_a006_a_pass_that_has_ended_unnoticed_opens_no_strict_path(
    shop: Gated, ends: Callable[[Stage, Visitor], None]
) -> None:
    erin = shop.known()
    before = dict(erin.cookies)
    kept = dict(shop.hot._near._kept)
    ends(Stage(shop.realm, {"shop": shop.spy}, lambda *_: None), erin)  # type: ignore[arg-type, return-value]
    shop.hot._near._kept.update(kept)  # as if it had never heard of it
    shop.forget_what_was()
    erin.cookies = before
    decided = shop.decided
    reply = erin.go("/admin/users")
    assert (shop.asked[:2], shop.decided) == (["Look", "Look"], decided + 1)
    if ends is not is_reset_by_an_administrator:
        assert (reply.status, shop.spy.calls) == (303, [])


def test_a006_a_changed_account_is_decided_about(shop: Gated) -> None:
    erin = shop.known()
    with Stage(shop.realm, {}, lambda *_: None).database() as db:  # type: ignore[arg-type, return-value]
        db.execute("UPDATE accounts SET generation = generation + 1")
    assert erin.go("/admin/users").status != 200
    assert shop.spy.calls == []


def test_where_a_pass_ends_when_idle_a_later_use_is_no_change(open_both: OpenBoth) -> None:
    shop = blind(open_both(ROUTES, shop=STRICT, profile="strict").short)
    erin = shop.known()
    with Stage(shop.realm, {}, lambda *_: None).database() as db:  # type: ignore[arg-type, return-value]
        db.execute("UPDATE passes SET used_at = used_at + 1")
    decided = shop.decided
    assert erin.go("/admin/users").status == 200
    assert (shop.asked, shop.decided) == (["Look"], decided)
    shop.realm.clock.on(TOUCH_SECONDS)
    assert erin.go("/admin/users").status == 200
    assert "TouchPass" in shop.asked


def test_a111_a_store_that_does_not_answer_opens_no_strict_path(shop: Gated) -> None:
    erin = shop.known()
    file = shop.realm.store_file
    file.rename(file.with_name("away"))
    assert erin.go("/home").status == 200  # which this blind process believes it still knows
    assert erin.go("/admin/users").status == 503
    file.with_name("away").rename(file)


class Spoiled:
    """A store in which one account cannot be read."""

    def __init__(self, store: Any, error: Exception) -> None:
        self._store, self._error = store, error

    def answer(self, ask: Any) -> Any:
        if isinstance(ask, Look):
            raise self._error
        return self._store.answer(ask)

    async def answer_async(self, ask: Any) -> Any:
        return self.answer(ask)


@pytest.mark.parametrize("error", [UnreadableRecord("no number"), ValueError("a store of somebody's own")])
def test_a020_a021_a_record_that_does_not_open_is_503_on_a_strict_path_of_who_is_known(
    shop: Gated, error: Exception
) -> None:
    erin = shop.known()
    store = shop.store._store
    shop.store._store = Spoiled(store, error)
    assert (erin.go("/admin/users").status, shop.spy.calls) == (503, [])
    shop.store._store = store
    assert erin.go("/admin/users").status == 200


def test_a_strict_path_that_is_a_log_out_as_well_is_decided_about(open_both: OpenBoth) -> None:
    shop = open_both(ROUTES, shop=STRICT | {"logout": ["POST /admin/out"]}).short
    erin = shop.known()
    decided = shop.decided
    before = dict(erin.cookies)
    assert erin.go("/admin/out", "POST").status == 200
    assert shop.decided == decided + 1
    erin.cookies = before
    assert erin.go("/home").status == 303


def test_nobody_comes_to_a_strict_path_as_to_others(open_both: OpenBoth) -> None:
    opened = partial(open_both, ROUTES, shop=STRICT)
    nobody = opened().short.visitor()
    assert nobody.go("/admin/users").status == 200

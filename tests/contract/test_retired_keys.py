"""A key that was rotated away and retired: its recovery codes are dead, and nobody is told that there are some."""

from __future__ import annotations

from functools import partial

from support.administration import SETTINGS, administrator, at_user, opened
from support.stage import Open, Stage
from support.visitor import Visitor
from twofa_middleware.accounts.resealing import Resealed, reseal_user
from twofa_middleware.cli.key_files import replace_ring
from twofa_middleware.desk import Desk
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow

DEAD = "Your recovery codes no longer work. Make new ones before you need them."
COUNT = '<span class="whole">({} of 10 left)</span>'


def retired(stage: Stage, *users: str) -> Stage:
    """The same realm after the key of before was rotated away and retired."""
    file = stage.realm.folder / "var" / "keys.toml"
    before = KeyRing.parse(file.read_text(), "ring")
    both = before.with_new_key()
    assert both.prepared
    rotated = both.made_current(both.prepared)
    replace_ring(file, before, rotated)
    for user in users:
        assert stage.administer(partial(_resealed, user, stage.clock.now)).is_done
    replace_ring(file, rotated, rotated.without(before.current))
    return stage


def _resealed(user: str, now: int, desk: Desk) -> Flow[Resealed]:
    return reseal_user(desk, desk.user_key(user), now)


def after_retiring(stage: Stage, erin: Visitor) -> tuple[Stage, Visitor]:
    """Erin at the apps that are started after her key was retired, and has verified there."""
    later = retired(stage, "erin").changed()
    visitor = later.meets(erin)
    visitor.log_in(login="login-2")
    assert visitor.verify().status == 303
    return later, visitor


def test_a117_the_account_page_says_that_the_codes_of_a_retired_key_no_longer_work(stage: Stage) -> None:
    later, erin = after_retiring(stage, stage.enrolled())
    page = erin.go("/2fa/account").text
    assert DEAD in page
    assert COUNT.format(0) in page
    later.clock.on(30)
    assert erin.confirm("codes").status == 200
    page = erin.go("/2fa/account").text
    assert DEAD not in page
    assert COUNT.format(10) in page


def test_a117_a_code_that_was_accepted_tells_of_no_dead_ones(stage: Stage) -> None:
    later, _ = after_retiring(stage, stage.enrolled())
    last = [event for event in later.events() if event.name == "code accepted"][-1]
    assert last.facts["codes_left"] == 0


def test_a117_the_administrators_page_counts_no_codes_of_a_retired_key(open_stage: Open) -> None:
    stage = opened(open_stage)
    stage.enrolled()
    ada = administrator(stage)
    counted = "<dt>Recovery codes left</dt><dd>{} of 10</dd>"
    assert counted.format(10) in at_user(ada).text
    later = retired(stage, "erin", "ada").changed(**SETTINGS)
    assert counted.format(0) in at_user(later.meets(ada, "office")).text

"""A key that was rotated away and retired: its recovery codes are dead, and nobody is told that there are some."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from support.administration import SETTINGS, administrator, at_user, opened
from support.stage import Open, Stage
from support.visitor import Visitor, codes_of
from twofa_middleware.accounts.resealing import Resealed, reseal_user
from twofa_middleware.cli.key_files import replace_ring
from twofa_middleware.desk import Desk
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow

DEAD = "Your recovery codes no longer work. Make new ones before you need them."
COUNT = '<span class="whole">({} of 10 left)</span>'


def with_a_new_key(stage: Stage) -> tuple[Path, KeyRing, KeyRing]:
    """The realm's key file, its ring of before, and the one that is in it now, whose current key is new."""
    file = stage.realm.folder / "var" / "keys.toml"
    before = KeyRing.parse(file.read_text(), "ring")
    both = before.with_new_key()
    assert both.prepared
    rotated = both.made_current(both.prepared)
    replace_ring(file, before, rotated)
    return file, before, rotated


def retired(stage: Stage, *users: str) -> Stage:
    """The same realm after the key of before was rotated away and retired."""
    file, before, rotated = with_a_new_key(stage)
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


def test_a_set_up_under_way_is_begun_anew_in_the_same_browser(stage: Stage) -> None:
    """What was shown cannot be opened any more, and nothing is on yet: another secret is shown, not a page of ours that
    says that it is our fault."""
    erin = stage.visitor("erin")
    erin.go("/2fa/setup")
    before = erin.key
    visitor = retired(stage, "erin").changed().meets(erin)
    page = visitor.go("/2fa/setup")
    assert page.status == 200
    assert visitor.key not in ("", before)
    reply = visitor.fill(page, "/setup", code=visitor.code())
    assert (reply.status, len(codes_of(reply.text))) == (200, 10)


def test_a_set_up_of_a_retired_key_cannot_be_confirmed(stage: Stage) -> None:
    """The form is of the new key, and the set-up of the old one."""
    erin = stage.visitor("erin")
    erin.go("/2fa/setup")
    before = erin.key
    file, first, rotated = with_a_new_key(stage)
    visitor = stage.changed().meets(erin)
    page = visitor.go("/2fa/setup")
    replace_ring(file, rotated, rotated.without(first.current))
    later = stage.changed().meets(visitor)
    reply = later.fill(page, "/setup", code=later.code())
    assert (reply.status, "longer than ten minutes" in reply.text) == (422, True)
    assert later.key not in ("", before)

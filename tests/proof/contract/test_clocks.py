"""Clocks that are wrong, jump, or differ from one server to the next: no code is good twice, nobody is let in early, and
whoever has a right phone gets in where the clock is right. Attacks 49, 50, 52, 55, 56, 58.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from proof.contract.nodes import STORES, at, enters, is_in, town
from support.realm import NOW, session_cookie
from support.redis_servers import wait_until
from twofa_middleware.asks.limits import LONGEST_WAIT_SECONDS

YEAR_2100 = 4_102_444_800
APART = (40, -40)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("shift", [40, -40, 86400, -86400, YEAR_2100 - NOW], ids="{:+d} s".format)
def test_a058_the_whole_story_goes_the_same_at_any_time(shift: int, store: str, tmp_path: Path) -> None:
    with town(tmp_path, store, 0, 0, now=NOW + shift) as here:
        one, other = here.nodes
        erin = here.enrolled("erin", one)
        assert is_in(erin)
        assert is_in(at(other, erin))
        again = here.comes("erin", "login-2", other, erin)
        assert not is_in(again)
        code = again.code()
        assert again.verify(again.wrong_code()).status == 422
        assert enters(again, code)
        assert is_in(again)
        thief = here.comes("erin", "login-3", one, erin)
        assert not enters(thief, code)
        assert not is_in(thief)
        assert thief.recover(erin.codes[0]).status == 303
        assert is_in(thief)
        here.pass_time(24 * 3600 + 1)
        assert not is_in(at(one, again))
        here.pass_time(30)
        fourth = here.comes("erin", "login-4", one, erin)
        assert enters(fourth)
        here.pass_time(30)
        assert fourth.confirm("disable").status == 303
        assert is_in(here.comes("erin", "login-5", other))


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("apart", APART)
def test_a049_a050_of_two_servers_that_are_40_s_apart_none_accepts_what_the_other_has(
    apart: int, store: str, tmp_path: Path
) -> None:
    """Every code near now, at both of them, in both orders: each opens one door at most, and later ones end earlier ones."""
    with town(tmp_path, store, 0, apart) as here:
        accepted = 0
        for order in (here.nodes, here.nodes[::-1]):
            for seconds in range(-90, 91, 30):
                user = f"erin{seconds}{order is here.nodes}"
                erin = here.enrolled(user, here.nodes[0])
                here.pass_time(120)  # the step of the set-up is far behind every window
                code = erin.code(seconds)
                thieves = [here.comes(user, f"login-{n}", node, erin) for n, node in enumerate((*order, *order), 2)]
                let_in = [enters(thief, code) for thief in thieves]
                assert let_in == [is_in(thief) for thief in thieves]
                assert sum(let_in) <= 1, f"the code of {seconds:+d} s was accepted {let_in}"
                accepted += sum(let_in)
        assert accepted >= 6


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("apart", APART)
def test_passes_hold_on_both_and_end_on_both(apart: int, store: str, tmp_path: Path) -> None:
    with town(tmp_path, store, 0, apart) as here:
        for node, other in (here.nodes, here.nodes[::-1]):
            erin = here.enrolled("erin", here.nodes[0]) if node is here.nodes[0] else erin  # noqa: F821
            browser = here.comes("erin", f"login-{apart}-{node is here.nodes[0]}", node, erin)
            if not enters(browser):  # her phone is right, so it may be too late there, or too early
                assert node is here.nodes[1]
                continue
            assert is_in(browser)
            assert is_in(at(other, browser))
            before = dict(browser.cookies)
            assert at(other, browser).fetch("/logout", "POST").status == 303
            browser.cookies |= before
            for one in (browser, at(other, browser)):  # Redis tells the other node, in its own time
                wait_until(lambda one=one: not is_in(one), "a node has heard of the end")  # type: ignore[misc]
            here.pass_time(60)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("apart", APART)
def test_a034_waits_are_kept_on_both_and_a_right_code_is_not_looked_at(apart: int, store: str, tmp_path: Path) -> None:
    with town(tmp_path, store, 0, apart) as here:
        right, wrong = here.nodes
        erin = here.enrolled("erin", right)
        thief = here.comes("erin", "login-2", right, erin)
        form = thief.filled()
        owner = here.comes("erin", "login-3", right, erin)
        drawn = owner.filled()
        for _ in range(7):  # five at once, then after 30 s, then after 60: now 120 are to be waited for
            reply = thief.post("/2fa/verify", form | {"code": thief.wrong_code()})
            if reply.status == 429:
                here.pass_time(int(reply.header("retry-after") or 0))
                thief.post("/2fa/verify", form | {"code": thief.wrong_code()})
        for node in (right, wrong):
            reply = at(node, owner).post("/2fa/verify", drawn | {"code": owner.code()})
            assert reply.status == 429
            assert int(reply.header("retry-after") or 0) >= 60 - abs(apart)
            assert not is_in(owner)
        here.pass_time(LONGEST_WAIT_SECONDS + abs(apart))
        assert enters(here.comes("erin", "login-4", right, erin))


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("apart", [*APART, 600, -600, 86400])
def test_the_owner_of_a_right_phone_gets_in_where_the_clock_is_right(apart: int, store: str, tmp_path: Path) -> None:
    """Whatever was tried on the other server, right before and over and over."""
    with town(tmp_path, store, 0, apart) as here:
        right, wrong = here.nodes
        erin = here.enrolled("erin", right)
        for round_ in range(3):
            there = here.comes("erin", f"there-{round_}", wrong, erin)
            enters(there)
            here.pass_time(30)
            owner = here.comes("erin", f"here-{round_}", right, erin)
            assert enters(owner), f"round {round_}"
            assert is_in(owner)
            here.pass_time(30)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("back", [60, 600, 86400])
def test_a052_a055_after_a_jump_back_no_old_code_is_good_again(back: int, store: str, tmp_path: Path) -> None:
    with town(tmp_path, store, 0, 0) as here:
        one, other = here.nodes
        erin = here.enrolled("erin", one)
        old = [erin.code(30 * step) for step in range(-3, 1)]
        assert enters(here.comes("erin", "login-2", one, erin), old[-1])
        one.clock.on(-back)
        of_then = erin.code(-back)
        for number, code in enumerate([*old, of_then]):
            thief = here.comes("erin", f"thief-{number}", one, erin)
            enters(thief, code)
            assert not is_in(thief), f"code {number} of before was good again"
        one.clock.on(back)
        here.pass_time(LONGEST_WAIT_SECONDS)
        for number, node in enumerate((one, other)):
            owner = here.comes("erin", f"back-{number}", node, erin)
            assert enters(owner)
            here.pass_time(30)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("ahead", [60, 600, 86400, YEAR_2100 - NOW])
def test_a056_after_a_jump_ahead_and_back_nobody_is_kept_out(ahead: int, store: str, tmp_path: Path) -> None:
    """Whoever has a right phone has spent no step of the future, and a wait that was set then is cut to the longest one."""
    with town(tmp_path, store, 0, 0) as here:
        one, other = here.nodes
        erin, walt = here.enrolled("erin", one), here.enrolled("walt", one)
        one.clock.on(ahead)
        there = here.comes("erin", "login-2", one, erin)
        enters(there)
        assert not is_in(there)
        thief = here.comes("walt", "login-2", one, walt)
        form = thief.filled()
        while thief.post("/2fa/verify", form | {"code": thief.wrong_code()}).status != 429:
            pass
        one.clock.on(-ahead)
        here.pass_time(30)
        for number, node in enumerate((one, other)):  # one wrong code is no wait, whenever it was
            owner = here.comes("erin", f"back-{number}", node, erin)
            assert enters(owner)
            assert is_in(owner)
            here.pass_time(30)
        assert here.comes("walt", "by-code", one, walt).recover(walt.codes[0]).status == 303
        blocked = here.comes("walt", "login-3", other, walt)
        assert enters(blocked) or ahead > 30
        here.pass_time(LONGEST_WAIT_SECONDS)
        last = here.comes("walt", "login-4", one, walt)
        assert enters(last)
        assert is_in(last)


@pytest.mark.parametrize("store", STORES)
def test_a056_a_pass_from_a_time_that_was_none_is_none(store: str, tmp_path: Path) -> None:
    """Server and phone are both a year ahead; once both are right again, the pass of then would last for a year."""
    with town(tmp_path, store, 0, 0) as here:
        erin = here.enrolled("erin", here.nodes[0])
        here.pass_time(365 * 86400)
        early = here.comes("erin", "login-2", here.nodes[0], erin)
        assert enters(early)
        assert is_in(early)
        here.pass_time(-365 * 86400)
        early.cookies["session"] = session_cookie("erin", "login-2", at=here.phone.now)
        assert not is_in(early)
        assert not is_in(at(here.nodes[1], early))


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("seed", range(3))
def test_a049_a055_a056_a_clock_that_jumps_between_requests_opens_no_door_twice(
    seed: int, store: str, tmp_path: Path
) -> None:
    """Before each request the servers' clocks jump by up to ten minutes; once they are right, so is all else."""
    dice = random.Random(seed)
    with town(tmp_path, store, 0, 0) as here:
        erin = here.enrolled("erin", here.nodes[0])
        spent: dict[str, int] = {}
        for number in range(12):
            here.pass_time(dice.choice((30, 60, 300, 3600)))
            for node in here.nodes:
                node.clock.now = here.phone.now + dice.choice((0, 0, -600, 600, dice.randint(-600, 600)))
            code = dice.choice([erin.code(), *spent] if spent else [erin.code()])
            somebody = here.comes("erin", f"login-{number}", dice.choice(here.nodes), erin)
            let_in = enters(somebody, code)
            spent[code] = spent.get(code, 0) + let_in
            for node in here.nodes:
                node.clock.now = here.phone.now
            assert spent[code] <= 1
            assert is_in(somebody) <= let_in
        here.pass_time(LONGEST_WAIT_SECONDS + 1200)
        owner = here.comes("erin", "the last", here.nodes[1], erin)
        assert enters(owner)
        assert is_in(owner)

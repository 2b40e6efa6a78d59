"""Contract: what administrators see of one user, and what they change without a code."""

from __future__ import annotations

import pytest

from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    NO_FACTORS,
    NOW,
    STEP,
    a_browser,
    a_change,
    a_pass,
    a_setup,
    account_of,
    ask,
    enrol,
    fail,
    has_browser,
    has_pass,
    look,
    note,
    open_pass,
    spend_step,
    summary_of,
)
from twofa_middleware import asks
from twofa_middleware.asks import Done, Met, Moved, Ready, Stopped, Waiting
from twofa_middleware.protocol import Store

NEXT = GENERATION + 1
HOUR = asks.LONGEST_WAIT_SECONDS


def reset(generation: int = GENERATION, change: asks.Change = NO_FACTORS) -> asks.ResetAccount:
    return asks.ResetAccount(ALICE, generation, change, NOW)


def meet(store: Store, *rules: str, at: int = NOW) -> dict[str, int]:
    met = ask(store, asks.MeetRules(ALICE, rules, at))
    assert isinstance(met, Met)
    return dict(met.first)


# ---- ReadSummary ----------------------------------------------------------------------------------------------------


def test_of_somebody_unknown_a_summary_says_nothing(store: Store) -> None:
    assert summary_of(store) == asks.Summary(None, None, Ready(5), 0, 0, 0, 0, {})


def test_a_summary_shows_all_there_is_of_a_user(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, open_pass(a_pass("second")))
    ask(store, asks.TouchPass(ALICE, b"second", NOW + 60))
    ask(store, asks.MeetRules(ALICE, ("one", "two"), NOW - DAY))
    note(store, "event", person=b"who", roles=b"roles")
    fail(store, 3)
    assert summary_of(store, at=NOW + 61) == asks.Summary(
        account=account_of(store),
        person=asks.PersonRow(ALICE, b"who", b"roles"),
        attempts=Ready(2),
        failures=3,
        browsers=1,
        passes=2,
        used_at=NOW + 60,
        met={"one": NOW - DAY, "two": NOW - DAY},
    )


def test_a_summary_does_not_count_what_has_expired(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser(lasts=100)))
    ask(store, open_pass(a_pass("short", lasts=100)))
    before, after = summary_of(store, at=NOW + 99), summary_of(store, at=NOW + 100)
    assert (before.browsers, before.passes) == (1, 2)
    assert (after.browsers, after.passes) == (0, 1)


def test_the_last_use_is_that_of_a_pass_or_a_browser_that_has_not_expired(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, open_pass(a_pass("short", lasts=100), at=NOW + 5, browser_digest=b"browser"))
    assert summary_of(store, at=NOW + 20).used_at == NOW + 5
    ask(store, asks.TouchPass(ALICE, b"short", NOW + 60))
    assert summary_of(store, at=NOW + 99).used_at == NOW + 60
    assert summary_of(store, at=NOW + 100).used_at == NOW + 5
    assert summary_of(store, at=NOW + 91 * DAY).used_at == 0


def test_failures_are_totp_codes_that_were_wrong(store: Store) -> None:
    enrol(store)
    ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    fail(store, 2)
    ask(store, asks.TakeAttempt(ALICE, NOW + 1))
    assert summary_of(store, at=NOW + 1).failures == 3
    ask(store, spend_step(at=NOW + 1))
    assert summary_of(store, at=NOW + 1).failures == 2


def test_failures_that_are_30_days_old_are_not_counted(store: Store) -> None:
    fail(store, 2)
    fail(store, 1, at=NOW + DAY)
    assert summary_of(store, at=NOW + 30 * DAY - 1).failures == 3
    assert summary_of(store, at=NOW + 30 * DAY).failures == 1
    assert summary_of(store, at=NOW + 31 * DAY).failures == 0


def test_of_who_is_stopped_every_failure_counts_however_old(store: Store) -> None:
    at = fail(store, asks.STOP_FAILURES)
    later = summary_of(store, at=at + 400 * DAY)
    assert (later.attempts, later.failures) == (Stopped(), asks.STOP_FAILURES)


def test_failures_from_a_clock_that_ran_ahead_are_counted(store: Store) -> None:
    fail(store, 3, at=NOW + 365 * DAY)
    assert summary_of(store).failures == 3


def test_a_summary_says_whether_a_code_may_be_tried(store: Store) -> None:
    at = fail(store, 4)
    assert summary_of(store, at=at).attempts == Ready(1)
    at = fail(store, 1, at=at)
    assert summary_of(store, at=at).attempts == Waiting(at + 30)
    assert summary_of(store, at=at + 30).attempts == Ready(0)


def test_a_summary_shows_a_wait_from_a_wrong_clock_as_it_will_be_cut(store: Store) -> None:
    fail(store, 5, at=NOW + 365 * DAY)
    assert summary_of(store).attempts == Waiting(NOW + HOUR)


def test_looking_at_a_summary_changes_nothing(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    fail(store, 3)
    before = summary_of(store)
    summary_of(store, at=NOW + 400 * DAY)
    summary_of(store, at=NOW - 400 * DAY)
    assert summary_of(store) == before
    assert has_pass(store, "first")
    assert has_browser(store, "browser")


# ---- ResetAccount ---------------------------------------------------------------------------------------------------


def test_a_reset_puts_the_change_in_the_place_of_the_factors(store: Store) -> None:
    enrol(store)
    assert ask(store, reset()) == Done()
    assert account_of(store) == asks.AccountRow(NEXT, STEP, b"empty roster", {}, frozenset())


def test_a_reset_ends_passes_remembered_browsers_and_setups(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, open_pass())
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    ask(store, reset())
    assert not has_pass(store, "first")
    assert not has_pass(store, "pass")
    assert not has_browser(store, "browser")
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) is None


def test_a_reset_clears_waits_and_tries_of_both_kinds(store: Store) -> None:
    enrol(store)
    for _ in range(asks.RECOVERY_ATTEMPTS):
        ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    at = fail(store, 7)
    ask(store, reset())
    after = summary_of(store, at=at)
    assert (after.attempts, after.failures) == (Ready(5), 0)
    tried = ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    assert isinstance(tried, asks.Attempt)
    assert tried.left == asks.RECOVERY_ATTEMPTS - 1


def test_a_reset_clears_a_stop(store: Store) -> None:
    enrol(store)
    at = fail(store, asks.STOP_FAILURES)
    ask(store, reset())
    assert ask(store, asks.ReadAttempts(ALICE, at)) == Ready(5)


@pytest.mark.parametrize("generation", [0, GENERATION - 1, NEXT])
def test_a_reset_under_another_generation_has_moved_and_changes_nothing(store: Store, generation: int) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    fail(store, 3)
    before = summary_of(store)
    assert ask(store, reset(generation, a_change(NEXT, thief=b"sealed"))) == Moved()
    assert summary_of(store) == before
    assert has_pass(store, "first")
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) == a_setup("other")


def test_generations_that_a_double_cannot_tell_apart_are_told_apart(store: Store) -> None:
    big = 2**62
    enrol(store, change=a_change(big + 1))
    assert ask(store, reset(big, a_change(big + 2))) == Moved()
    assert ask(store, reset(big + 1, a_change(big + 2))) == Done()
    assert account_of(store).generation == big + 2


def test_a_reset_without_an_account_makes_one_whose_last_step_is_0(store: Store) -> None:
    ask(store, open_pass(generation=0))
    change = a_change()
    assert ask(store, reset(0, change)) == Done()
    assert account_of(store) == asks.AccountRow(GENERATION, 0, change.roster, dict(change.authenticators), change.codes)
    assert not has_pass(store, "pass")


def test_a_reset_of_a_generation_that_never_was_has_moved(store: Store) -> None:
    assert ask(store, reset()) == Moved()
    assert ask(store, look()).account is None


def test_a052_a_reset_never_takes_the_last_step_back(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(step=STEP + 20))
    ask(store, reset(change=a_change(NEXT)))
    assert account_of(store).last_step == STEP + 20
    assert ask(store, spend_step(step=STEP + 20, generation=NEXT)) == asks.SpentBefore()
    assert isinstance(ask(store, spend_step(step=STEP + 21, generation=NEXT)), asks.Spent)


def test_a085_what_was_decided_before_a_reset_has_moved(store: Store) -> None:
    enrol(store)
    ask(store, reset(change=a_change(NEXT)))
    assert ask(store, spend_step()) == Moved()
    assert ask(store, open_pass()) == Moved()
    assert ask(store, reset()) == Moved()


# ---- Unlock, EndPasses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [1, 7, asks.STOP_FAILURES])
def test_unlocking_clears_failures_the_wait_and_the_stop(store: Store, failures: int) -> None:
    at = fail(store, failures)
    assert ask(store, asks.Unlock(ALICE, at)) == Done()
    after = summary_of(store, at=at)
    assert (after.attempts, after.failures) == (Ready(5), 0)
    counted = ask(store, asks.TakeAttempt(ALICE, at))
    assert isinstance(counted, asks.Attempt)
    assert counted.left == 4


def test_unlocking_clears_the_tries_of_recovery_codes(store: Store) -> None:
    for _ in range(asks.RECOVERY_ATTEMPTS):
        ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    ask(store, asks.Unlock(ALICE, NOW))
    tried = ask(store, asks.TakeRecoveryAttempt(ALICE, NOW))
    assert isinstance(tried, asks.Attempt)
    assert tried.left == asks.RECOVERY_ATTEMPTS - 1


def test_unlocking_leaves_the_account_and_all_that_was_issued(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    before = summary_of(store)
    ask(store, asks.Unlock(ALICE, NOW))
    assert summary_of(store) == before
    assert ask(store, spend_step()) == asks.SpentBefore()
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) == a_setup("other")


def test_unlocking_somebody_unknown_is_no_fault(store: Store) -> None:
    assert ask(store, asks.Unlock(ALICE, NOW)) == Done()
    assert summary_of(store) == asks.Summary(None, None, Ready(5), 0, 0, 0, 0, {})


def test_ending_passes_ends_every_pass_and_remembered_browser_and_nothing_else(store: Store) -> None:
    enrol(store)
    ask(store, spend_step(remembers=a_browser()))
    ask(store, open_pass())
    ask(store, asks.BeginSetup(ALICE, a_setup("other"), NOW))
    fail(store, 2)
    assert ask(store, asks.EndPasses(ALICE, NOW)) == Done()
    assert not has_pass(store, "first")
    assert not has_pass(store, "pass")
    after = summary_of(store)
    assert (after.account, after.passes, after.browsers, after.failures) == (account_of(store), 0, 0, 2)
    assert ask(store, asks.ReadSetup(ALICE, b"other", NOW)) == a_setup("other")


def test_ending_passes_where_there_are_none_is_no_fault(store: Store) -> None:
    assert ask(store, asks.EndPasses(ALICE, NOW)) == Done()


def test_what_an_administrator_does_to_one_user_leaves_the_other(store: Store) -> None:
    enrol(store)
    enrol(store, BOB)
    fail(store, 3, BOB)
    before = summary_of(store, BOB)
    for question in (asks.Unlock(ALICE, NOW), asks.EndPasses(ALICE, NOW), reset()):
        assert ask(store, question) == Done()
    assert summary_of(store, BOB) == before
    assert has_pass(store, "first", BOB)


# ---- MeetRules ------------------------------------------------------------------------------------------------------


def test_a_rule_is_met_when_it_is_first_asked_for(store: Store) -> None:
    assert meet(store, "one", "two") == {"one": NOW, "two": NOW}


def test_a_rule_that_was_met_before_keeps_its_time(store: Store) -> None:
    meet(store, "one")
    assert meet(store, "two", "one", at=NOW + DAY) == {"one": NOW, "two": NOW + DAY}
    assert summary_of(store).met == {"one": NOW, "two": NOW + DAY}


def test_no_other_rule_is_answered_than_was_asked_for(store: Store) -> None:
    meet(store, "one", "two")
    assert meet(store, "two", at=NOW + 5) == {"two": NOW}
    assert meet(store) == {}


def test_a_rule_that_was_met_by_a_clock_that_ran_ahead_is_met_now(store: Store) -> None:
    meet(store, "one", "two", at=NOW + 365 * DAY)
    assert meet(store, "one") == {"one": NOW}
    assert summary_of(store).met == {"one": NOW, "two": NOW + 365 * DAY}


def test_one_user_meets_no_rules_for_another(store: Store) -> None:
    ask(store, asks.MeetRules(BOB, ("one",), NOW - DAY))
    assert meet(store, "one") == {"one": NOW}
    assert summary_of(store, BOB).met == {"one": NOW - DAY}


def test_the_longest_name_of_a_rule_is_kept(store: Store) -> None:
    name = "r" * 22
    assert meet(store, name) == {name: NOW}

"""The sentences of the administrators' pages: the forecast of a role, and what stands in an event."""

from __future__ import annotations

import pytest

from twofa_middleware.accounts.forecast import Forecast, Standing
from twofa_middleware.asks import Ready, Stopped, Waiting
from twofa_middleware.pages.admin.words import forecast_sentence, iso, line, lock, moment
from twofa_middleware.protocol import Event, Member, Person

NOW = 1_777_804_927  # 3 May 2026, 10:42:07 UTC, as in the words of the pages


def people(on: int = 0, off: int = 0, *, groups: int = 0, waiting: int = 0, left_out: int = 0) -> Forecast:
    """So many who have it on and off; of all of them the first ``groups`` through a group, the last ``waiting`` wait."""
    total = on + off
    return Forecast(
        tuple(
            Standing(
                Member(Person(str(number)), ("Kitchen",) if number < groups else ()),
                number < on,
                NOW + 1 if number >= total - waiting else 0,
            )
            for number in range(total)
        ),
        left_out,
    )


def test_a_forecast_before_the_flag_is_set_is_in_the_words_of_the_product() -> None:
    said = forecast_sentence(people(7, 5, groups=9), NOW, demands=False, starts_now=False)
    assert said == (
        "12 people have it, 9 of them through a group; 7 have two-factor authentication on. "
        "The other 5 will be asked to set it up at their next log-in."
    )


@pytest.mark.parametrize(
    ("expected", "demands", "said"),
    [
        (people(2, 1), False, "3 people have it; 2 have two-factor authentication on. The other one will be asked"),
        (people(1, 2), True, "3 people have it; 1 has two-factor authentication on. The other 2 are asked to set it"),
        (people(0, 3), False, "3 people have it; none of them has two-factor authentication on. All of them will be"),
        (people(0, 1), False, "1 person has it and has not turned two-factor authentication on. That person will be"),
        (people(1, groups=1), False, "1 person has it, through a group, and has turned two-factor authentication on."),
        (people(4), False, "4 people have it; 4 have two-factor authentication on. It would stop nobody."),
        (people(4), True, "4 people have it; 4 have two-factor authentication on. It stops nobody."),
    ],
)
def test_a_forecast_counts_in_whole_sentences(expected: Forecast, demands: bool, said: str) -> None:
    assert forecast_sentence(expected, NOW, demands=demands, starts_now=False).startswith(said)


def test_a_forecast_tells_of_grace_of_running_sessions_and_of_those_left_out() -> None:
    said = forecast_sentence(people(0, 3, waiting=2, left_out=1200), NOW, demands=True, starts_now=True)
    assert said.endswith(
        "All of them are asked to set it up at once, also in sessions that are running; 2 of them may still put it off. "
        "1,200 more have it and were not looked at."
    )


def test_an_event_names_who_did_it_and_why() -> None:
    facts = {"actor": "1", "actor_name": "ada", "reason": "lost phone", "grace_days": 3}
    shown = line(Event("disabled by an administrator", NOW, "shop", "17", facts, label="erin"), {"shop": "Shop"}, "/u")
    assert (shown.what, shown.label, shown.href) == ("Switched off by an administrator", "erin", "/u?id=17")
    assert (shown.actor, shown.reason, shown.where) == ("ada (1)", "lost phone", "Shop")
    assert (shown.when, shown.iso) == ("3 May 2026, 10:42:07", "2026-05-03T10:42:07Z")
    assert shown.facts == (("days of grace", "3"),)


def test_an_event_of_another_version_is_shown_as_it_stands() -> None:
    shown = line(Event("a new thing", NOW, "gone", facts={"by": "totp", "odd_fact": 1}), {"shop": "Shop"}, "/u")
    assert (shown.what, shown.where, shown.href, shown.actor) == ("a new thing", "gone", "", "")
    assert shown.facts == (("with", "a code of the app"), ("odd fact", "1"))


def test_a_reason_that_no_administrator_gave_is_a_fact_like_any_other() -> None:
    assert line(Event("identities ambiguous", NOW, "", facts={"reason": "two"}), {}, "/u").facts == (("reason", "two"),)


@pytest.mark.parametrize("at", [10**18, -(10**18)])
def test_a_time_that_no_calendar_has_stays_a_number(at: int) -> None:
    assert (moment(at), iso(at)) == (str(at), "")


def test_a_lock_is_said_in_words() -> None:
    assert [lock(Ready(3)), lock(Waiting(NOW)), lock(Stopped())] == ["", "Paused until 10:42 (UTC)", "Stopped"]

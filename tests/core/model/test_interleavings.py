"""Model check: three clients at once, with crashes, lost replies and people who try again. Attacks 36, 49, 51, 62, 72, 76.

Each scene explores every interleaving of the real flows over an exact store. The properties stand in ``explorer``:
whatever is accepted is accepted once, after a counted attempt, under the generation that it was checked against; wrong
codes that were looked at are failures that are counted; no pass outlives its generation; nothing is counted twice.
"""

from __future__ import annotations

from core.flows.people import CODES, ERIN, code
from core.model.explorer import Explored, Explorer
from core.model.scenes import (
    NEVER_A_CODE,
    NEXT,
    OWNER,
    THIEF,
    THIEFS_CODE,
    Scene,
    by_phone,
    by_recovery_code,
    confirm,
    disable,
    enrolled,
    guess,
    renew_codes,
    reset,
    two_set_ups,
)


def explored(scene: Scene) -> Explored:
    return Explorer(scene.start, scene.clients, ERIN).explore()


def test_a051_of_three_who_submit_one_code_again_and_again_one_is_accepted() -> None:
    found = explored(Scene(enrolled(), ((by_phone(),) * 3,) * 3))
    assert found.states > 100_000
    assert found.outcomes == {"Accepted", "Used", "Waiting", "refused"}


def test_a050_an_older_code_is_not_accepted_after_a_later_one() -> None:
    later_first = (by_phone(NEXT), by_phone())
    found = explored(Scene(enrolled(), (later_first, later_first, (by_phone(), by_phone(NEXT)))))
    assert found.outcomes == {"Accepted", "Used", "Waiting", "refused"}


def test_a036_of_nine_guesses_at_once_none_is_looked_at_that_is_not_counted() -> None:
    found = explored(Scene(enrolled(), ((guess(),) * 3, (guess(),) * 3, (guess(), guess(), by_phone()))))
    assert found.outcomes == {"Accepted", "Wrong", "Waiting", "refused"}


def test_a072_of_three_who_submit_one_recovery_code_again_and_again_one_is_accepted() -> None:
    found = explored(Scene(enrolled(), ((by_recovery_code(),) * 3,) * 3))
    assert found.outcomes == {"Accepted", "Used", "Wrong", "refused"}


def test_a036_a_recovery_code_that_clears_the_failures_hides_no_guess() -> None:
    clients = (
        (by_recovery_code(), guess(), by_recovery_code(NEVER_A_CODE)),
        (guess(), by_phone(), guess()),
        (by_recovery_code(NEVER_A_CODE), guess(), by_recovery_code(CODES[1])),
    )
    assert explored(Scene(enrolled(), clients)).outcomes == {"Accepted", "Wrong", "refused"}


def test_a049_a076_a_disable_against_verifications() -> None:
    clients = (
        (by_phone(), by_phone(NEXT)),
        (by_recovery_code(), by_phone()),
        (disable(), disable()),
    )
    assert {"Accepted", "Moved", "Used", "refused"} <= explored(Scene(enrolled(), clients)).outcomes


def test_a072_a076_new_recovery_codes_against_the_old_ones() -> None:
    clients = (
        (by_phone(), by_phone(NEXT)),
        (by_recovery_code(), by_recovery_code(), by_recovery_code(CODES[1])),
        (renew_codes(), renew_codes()),
    )
    assert {"Accepted", "Moved", "Used", "Wrong", "refused"} <= explored(Scene(enrolled(), clients)).outcomes


def test_a054_a062_of_two_set_ups_one_turns_it_on_and_its_step_is_spent() -> None:
    clients = (
        (confirm(OWNER, code()), by_phone(), by_phone(NEXT)),
        (confirm(THIEF, THIEFS_CODE),) * 2,
        (confirm(OWNER, code()), by_phone(NEXT)),
    )
    found = explored(Scene(two_set_ups(), clients)).outcomes
    assert {"Accepted", "Moved", "Used", "Wrong", "refused"} <= found


def test_a062_a076_a_reset_against_verifications_and_a_set_up() -> None:
    clients = ((by_phone(),) * 3, (by_recovery_code(),) * 2, (reset(), confirm(OWNER, code()), reset()))
    assert {"Accepted", "Moved", "SwitchedOff", "NotOn"} <= explored(Scene(enrolled(), clients)).outcomes
    clients = ((confirm(OWNER, code()), by_phone(NEXT)), (confirm(THIEF, THIEFS_CODE),) * 2, (reset(), reset()))
    assert {"Accepted", "Moved", "NotOn", "SwitchedOff"} <= explored(Scene(two_set_ups(), clients)).outcomes

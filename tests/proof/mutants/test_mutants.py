"""Each protection is taken out, and the tests that name it miss it. A mutant that survives fails the run with its name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .running import Mutant, Trial, read_mutants, tried, why_not_caught

MUTANTS = read_mutants()


@pytest.fixture(scope="session")
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """Of those that this run asks for."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    asked = [call.params["mutant"] for call in calls if call and "mutant" in call.params]
    with tried(asked or MUTANTS) as trial:
        yield trial


def test_no_two_mutants_have_the_same_name_and_each_names_its_attacks_and_tests() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        assert mutant.edits, mutant.name
        assert mutant.caught_by, mutant.name
        assert mutant.attacks, mutant.name
        assert all(1 <= number <= 120 for number in mutant.attacks), mutant.name


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_is_caught(mutant: Mutant, trial: Trial) -> None:
    result = trial.result(mutant)
    why = why_not_caught(mutant, result)
    assert not why, f"{mutant.room}: {mutant.name}: {why}\n{result.get('said', '')[-3000:]}"


def test_all_of_the_tests_pass_as_things_are(trial: Trial) -> None:
    assert not trial.why_stale()

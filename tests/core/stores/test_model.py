"""Contract: questions in any order get the answers that a model gives, on every kind of store.

The model of the account, ``exact_store``, is the one whose states ``tests/core/model`` explores.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from support.exact_store import ExactStore
from support.stores import (
    ALICE,
    BOB,
    DAY,
    GENERATION,
    KINDS,
    NOW,
    a_browser,
    a_change,
    a_pass,
    a_row,
    a_setup,
    all_events,
    ask,
    carry,
    look,
    open_pass,
    row_id,
    spend_code,
    spend_step,
    summary_of,
    turn_on,
)
from twofa_middleware import asks
from twofa_middleware.protocol import Store, UserKey


class Account(RuleBasedStateMachine):
    """All that one user may do, and that is done to him, with a clock that may be put back."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.born = NOW, 0
        self.exact = ExactStore()
        self.taken = {asks.TakeAttempt: NOW, asks.TakeRecoveryAttempt: NOW}

    @initialize(kind=st.sampled_from(KINDS), enrols=st.sampled_from([True, True, True, False]))
    def a_new_store(self, kind: Any, enrols: bool) -> None:
        self.folder = TemporaryDirectory()
        self.made = kind.made(Path(self.folder.name))
        self.store = self.made.__enter__()
        if enrols:
            self.ask(asks.BeginSetup(ALICE, a_setup(), NOW))
            self.ask(turn_on(change=self.a_new_change()))

    def teardown(self) -> None:
        self.made.__exit__(None, None, None)
        self.folder.cleanup()

    def ask(self, question: Any) -> Any:
        """Both are asked, and say the same."""
        reply = self.exact.answer(question)
        assert ask(self.store, question) == reply
        return reply

    def a_new_change(self, *names: str) -> asks.Change:
        """The next generation: a phone of this name, or none, and three codes."""
        self.born += 1
        codes = frozenset(f"code-{self.born}-{number}".encode() for number in range(3)) if names else frozenset()
        generation = max(self.exact.state.generation, GENERATION) + 1
        roster = f"roster {generation}".encode()
        return asks.Change(generation, roster, {name: f"secret {self.born}".encode() for name in names}, codes)

    def generation(self, is_known: bool) -> int:
        return self.exact.state.generation - (not is_known and self.exact.state.generation > 0)

    @rule(seconds=st.one_of(st.integers(-30, 60), st.sampled_from([3600, DAY, 20 * DAY, 31 * DAY, -7200, -40 * DAY])))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(times=st.integers(1, 12), patient=st.booleans(), setup=st.sampled_from([None, b"setup", b"other"]))
    def somebody_tries(self, times: int, patient: bool, setup: bytes | None) -> None:
        for _ in range(times):
            if patient:
                self.now = max(self.now, self.exact.state.wait_until)
            self.ask(asks.ReadAttempts(ALICE, self.now))
            if isinstance(self.ask(asks.TakeAttempt(ALICE, self.now, setup)), asks.Attempt):
                self.taken[asks.TakeAttempt] = self.now

    @rule(times=st.integers(1, 6))
    def somebody_tries_recovery_codes(self, times: int) -> None:
        for _ in range(times):
            if isinstance(self.ask(asks.TakeRecoveryAttempt(ALICE, self.now)), asks.Attempt):
                self.taken[asks.TakeRecoveryAttempt] = self.now

    @rule(
        ahead=st.sampled_from([-1, 0, 0, 1, 1, 2]),
        is_known=st.sampled_from([True, True, True, False]),
        name=st.sampled_from(["phone", "phone", "phone", "other"]),
        remembers=st.booleans(),
        changes=st.sampled_from([*[None] * 8, ("phone",), ("phone",), ()]),
    )
    def a_right_code_is_spent(
        self, ahead: int, is_known: bool, name: str, remembers: bool, changes: tuple[str, ...] | None
    ) -> None:
        self.ask(
            spend_step(
                step=max(0, self.exact.state.last_step + ahead),
                at=self.now,
                attempt_at=self.taken[asks.TakeAttempt],
                generation=self.generation(is_known),
                authenticator=name,
                opens=a_pass(f"pass-{self.born}", proven=changes is None, at=self.now),
                remembers=a_browser(at=self.now) if remembers else None,
                ends=b"first",
                change=None if changes is None else self.a_new_change(*changes),
            )
        )

    @rule(number=st.integers(0, 3), is_known=st.sampled_from([True, True, True, False]))
    def a_recovery_code_is_spent(self, number: int, is_known: bool) -> None:
        codes = [*sorted(self.exact.state.codes), b"never one"]
        self.ask(
            spend_code(
                code=codes[min(number, len(codes) - 1)],
                at=self.now,
                attempt_at=self.taken[asks.TakeRecoveryAttempt],
                generation=self.generation(is_known),
                opens=a_pass("by-code", proven=True, at=self.now),
            )
        )

    @rule(name=st.sampled_from(["setup", "other", "third", "fourth"]))
    def a_set_up_is_begun(self, name: str) -> None:
        self.ask(asks.BeginSetup(ALICE, a_setup(name, at=self.now), self.now))
        self.ask(asks.ReadSetup(ALICE, b"setup", self.now))

    @rule(name=st.sampled_from(["setup", "other"]), is_known=st.sampled_from([True, True, True, False]))
    def a_set_up_is_confirmed(self, name: str, is_known: bool) -> None:
        self.ask(
            turn_on(
                setup=name,
                at=self.now,
                attempt_at=self.taken[asks.TakeAttempt],
                step=max(0, self.now // 30),
                generation=self.generation(is_known),
                change=self.a_new_change("phone"),
            )
        )

    @rule(is_known=st.sampled_from([True, False, False, False]))
    def an_administrator_resets(self, is_known: bool) -> None:
        self.ask(asks.ResetAccount(ALICE, self.generation(is_known), self.a_new_change(), self.now))

    @rule(number=st.integers(1, 30), is_known=st.sampled_from([True, True, False]))
    def passes_are_opened(self, number: int, is_known: bool) -> None:
        for one in range(number):
            row = a_pass(f"open-{one}", at=self.now)
            self.ask(open_pass(row, at=self.now, generation=self.generation(is_known), ends=b"pass-1"))

    @rule(name=st.sampled_from(["first", "open-0", "by-code"]))
    def a_pass_is_ended(self, name: str) -> None:
        self.ask(asks.EndPass(ALICE, name.encode(), self.now))

    @invariant()
    def they_hold_the_same(self) -> None:
        self.ask(asks.ReadSummary(ALICE, self.now))
        for name in ("first", "open-0", "by-code"):
            self.ask(look(pass_=name, browser="browser", at=self.now))


def test_a_long_walk_through_one_account_is_answered_alike(store: Store) -> None:
    """Where the rules above come by chance, this comes always: the same step again, failures of the same second."""
    exact, chance, now = ExactStore(), random.Random(1), NOW

    def both(question: Any) -> None:
        reply = exact.answer(question)
        assert ask(store, question) == reply

    both(asks.BeginSetup(ALICE, a_setup(), now))
    both(turn_on())
    for number in range(400):
        now += chance.choice([0, 0, 0, 1, 30])
        generation = exact.state.generation
        spending: dict[str, Any] = {"at": now, "attempt_at": now, "generation": generation}
        if number % 40 == 39:
            spending["change"] = a_change(generation + 1)
        step = exact.state.last_step + chance.choice([-1, 0, 0, 1, 1])
        code = chance.choice([*sorted(exact.state.codes), b"never one"])
        both(
            chance.choice(
                [
                    asks.TakeAttempt(ALICE, now),
                    asks.TakeAttempt(ALICE, now),
                    asks.TakeRecoveryAttempt(ALICE, now),
                    spend_step(step=step, opens=a_pass(f"pass-{number % 5}", proven=True, at=now), **spending),
                    spend_code(code=code, remembers=a_browser(at=now), ends=b"pass-1", **spending),
                    open_pass(a_pass(f"open-{number}", at=now), at=now, generation=generation),
                    asks.EndPass(ALICE, f"pass-{number % 5}".encode(), now),
                ]
            )
        )
        both(asks.ReadAttempts(ALICE, now))
        both(asks.ReadSummary(ALICE, now))


class Log(RuleBasedStateMachine):
    """What two users and the realm note, what is taken back, and what sweepers carry, with a clock that goes forward."""

    USERS = (ALICE, BOB, asks.REALM)

    def __init__(self) -> None:
        super().__init__()
        self.now, self.written = NOW, 0
        self.logs: dict[str, list[asks.LogRow]] = {user: [] for user in self.USERS}
        self.carried: dict[str, list[bytes]] = {user: [] for user in self.USERS}
        self.people: dict[str, asks.PersonRow] = {}

    @initialize(kind=st.sampled_from(KINDS))
    def a_new_store(self, kind: Any) -> None:
        self.folder = TemporaryDirectory()
        self.made = kind.made(Path(self.folder.name))
        self.store = self.made.__enter__()

    def teardown(self) -> None:
        self.made.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        user=st.sampled_from(USERS),
        rows=st.lists(st.tuples(st.sampled_from([0, 0, 0, 5, 10]), st.booleans()), max_size=60),
        person=st.sampled_from([None, b"who", b"who else"]),
        taken=st.one_of(st.none(), st.integers(0, 200)),
    )
    def somebody_is_noted(
        self, user: UserKey, rows: list[tuple[int, bool]], person: bytes | None, taken: int | None
    ) -> None:
        new = []
        for delay, is_minor in rows:
            self.written += 1
            new.append(a_row(f"{self.written}", at=self.now, ready_at=self.now + delay, is_minor=is_minor))
        takes_back = None if taken is None else row_id(f"{self.written - taken}")
        notes = asks.Notes({"done": tuple(new), "moved": (a_row("wrong"),)}, person=person, takes_back=takes_back)
        assert ask(self.store, asks.Note(user, self.now, notes)) == asks.Done()

        log = self.logs[user] = [row for row in self.logs[user] if row.id != takes_back]
        for row in new:
            if not row.is_minor or len(log) < asks.MOST_MINOR_ROWS:
                log.append(row)
        if person is not None and user != asks.REALM:
            self.people[user] = asks.PersonRow(user, person, None)

    @rule(limit=st.integers(1, 4))
    def sweepers_carry_all_that_is_ready(self, limit: int) -> None:
        ready = {user: [row.id for row in log if row.ready_at <= self.now] for user, log in self.logs.items()}
        assert carry(self.store, at=self.now, limit=limit) == sum(map(len, ready.values()))
        events = all_events(self.store)
        for user in self.USERS:
            self.carried[user] += ready[user]
            self.logs[user] = [row for row in self.logs[user] if row.ready_at > self.now]
            assert [event.id for event in events if event.user == user] == self.carried[user]

    @rule()
    def people_are_listed(self) -> None:
        listed = ask(self.store, asks.ReadPeople(None, 10))
        assert listed == tuple(self.people[user] for user in sorted(self.people))
        assert {user: summary_of(self.store, user).person for user in (ALICE, BOB)} == {
            user: self.people.get(user) for user in (ALICE, BOB)
        }


SETTINGS = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
MORE = settings(SETTINGS, max_examples=40)
Account.TestCase.settings = MORE
TestAccount = Account.TestCase
Log.TestCase.settings = SETTINGS
TestLog = Log.TestCase

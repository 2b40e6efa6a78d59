"""Contract: attempts, steps and events in any order do what a model of a few lines says, on every kind of store."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from support.stores import (
    ALICE,
    BOB,
    CODES,
    DAY,
    KINDS,
    NOW,
    STEP,
    a_row,
    all_events,
    ask,
    carry,
    enrol,
    row_id,
    spend_code,
    spend_step,
    summary_of,
)
from twofa_middleware import asks
from twofa_middleware.protocol import UserKey


class Attempts(RuleBasedStateMachine):
    """What one user may try, with a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.last_step, self.codes = NOW, STEP, set(CODES)
        self.failures: list[int] = []
        self.in_a_row, self.until = 0, 0
        self.taken: int | None = None

    @initialize(kind=st.sampled_from(KINDS))
    def a_new_store(self, kind: Any) -> None:
        self.folder = TemporaryDirectory()
        self.made = kind.made(Path(self.folder.name))
        self.store = self.made.__enter__()
        enrol(self.store)

    def teardown(self) -> None:
        self.made.__exit__(None, None, None)
        self.folder.cleanup()

    @rule(seconds=st.one_of(st.integers(1, 60), st.sampled_from([3600, DAY, 20 * DAY, 31 * DAY])))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(times=st.integers(1, 12), patient=st.booleans())
    def somebody_tries(self, times: int, patient: bool) -> None:
        for _ in range(times):
            if patient:
                self.now = max(self.now, self.until)
            assert ask(self.store, asks.ReadAttempts(ALICE, self.now)) == self.expected()
            counted = ask(self.store, asks.TakeAttempt(ALICE, self.now))
            if isinstance(self.expected(), asks.Ready):
                self.failures = [at for at in self.failures if at > self.now - 30 * DAY] + [self.now]
                self.in_a_row += 1
                self.until = self.now + asks.wait_after(self.in_a_row)
                self.taken = self.now
                assert isinstance(counted, asks.Attempt)
                assert (counted.at, counted.left, counted.waits_until) == (
                    self.now,
                    max(0, 5 - self.in_a_row),
                    self.until,
                )
            else:
                assert counted == self.expected()

    def expected(self) -> asks.Ready | asks.Waiting | asks.Stopped:
        if len(self.failures) >= 50:
            return asks.Stopped()
        return asks.Waiting(self.until) if self.now < self.until else asks.Ready(max(0, 5 - self.in_a_row))

    @precondition(lambda self: self.taken is not None)
    @rule(ahead=st.integers(-2, 3))
    def a_right_code_is_spent(self, ahead: int) -> None:
        step = self.last_step + ahead
        spent = ask(self.store, spend_step(step=step, at=self.now, attempt_at=self.taken))
        if ahead <= 0:
            assert spent == asks.SpentBefore()
            return
        assert spent == asks.Spent(codes_left=len(self.codes))
        self.last_step, self.in_a_row, self.until = step, 0, 0
        if self.taken in self.failures:
            self.failures.remove(self.taken)
        self.taken = None

    @rule(code=st.sampled_from(sorted(CODES)))
    def a_recovery_code_is_spent(self, code: bytes) -> None:
        spent = ask(self.store, spend_code(code=code, at=self.now, attempt_at=self.now))
        if code not in self.codes:
            assert spent == asks.SpentBefore()
            return
        self.codes.remove(code)
        assert spent == asks.Spent(codes_left=len(self.codes))
        self.failures, self.in_a_row, self.until, self.taken = [], 0, 0, None


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
Attempts.TestCase.settings = SETTINGS
TestAttempts = Attempts.TestCase
Log.TestCase.settings = SETTINGS
TestLog = Log.TestCase

"""What a store holds of one user, and what it answers, in plain Python: no I/O, and every state is a value.

The model check explores its states (``tests/core/model``); ``tests/core/stores/test_model.py`` holds it to the real stores.
Notes are left out: no question's answer depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from twofa_middleware import asks
from twofa_middleware.asks import (
    AccountRow,
    Attempt,
    BrowserRow,
    Change,
    Moved,
    PassRow,
    SetupRow,
    Spending,
    Spent,
    SpentBefore,
    Stopped,
    Waiting,
)

Row = TypeVar("Row", PassRow, BrowserRow, SetupRow)


class State(NamedTuple):
    """All of it can be hashed; what has no order of its own is kept sorted, so that equal states are equal."""

    generation: int = 0
    last_step: int = 0
    roster: bytes = b""
    authenticators: tuple[tuple[str, bytes], ...] = ()
    codes: frozenset[bytes] = frozenset()
    failures: tuple[int, ...] = ()
    in_a_row: int = 0
    wait_until: int = 0
    recoveries: tuple[int, ...] = ()
    passes: tuple[PassRow, ...] = ()
    browsers: tuple[BrowserRow, ...] = ()
    setups: tuple[SetupRow, ...] = ()

    @property
    def account(self) -> AccountRow | None:
        if not self.generation:
            return None
        return AccountRow(self.generation, self.last_step, self.roster, dict(self.authenticators), self.codes)


def answered(state: State, ask: Any) -> tuple[State, Any]:
    """The state after a question, and its answer."""
    return _ANSWERS[type(ask)](state, ask)


# ---- tries ----------------------------------------------------------------------------------------------------------


def read_attempts(state: State, ask: asks.ReadAttempts) -> tuple[State, Any]:
    state = _cut(state, ask.now)
    return state, _tries_state(state, ask.now)


def take_attempt(state: State, ask: asks.TakeAttempt) -> tuple[State, Attempt | Waiting | Stopped]:
    state = _cut(state, ask.now)
    now = _tries_state(state, ask.now)
    if not isinstance(now, asks.Ready):
        return state, now
    in_a_row = state.in_a_row + 1
    wait = asks.wait_after(in_a_row)
    state = state._replace(
        failures=_with_one(state.failures, ask.now, asks.STOP_WINDOW_SECONDS),
        in_a_row=in_a_row,
        wait_until=ask.now + wait if wait else 0,
    )
    setup = None if ask.setup_digest is None else _living(state.setups, ask.setup_digest, ask.now)
    left = max(0, asks.FREE_FAILURES - in_a_row)
    return state, Attempt(ask.now, left, ask.now + wait, state.account, setup)


def take_recovery_attempt(state: State, ask: asks.TakeRecoveryAttempt) -> tuple[State, Attempt | Waiting]:
    tidied = _tidied(state.recoveries, ask.now, asks.RECOVERY_WINDOW_SECONDS)
    if len(tidied) >= asks.RECOVERY_ATTEMPTS:
        return state._replace(recoveries=tidied), Waiting(tidied[0] + asks.RECOVERY_WINDOW_SECONDS)
    taken = tuple(sorted((*tidied, ask.now)))
    left = asks.RECOVERY_ATTEMPTS - len(taken)
    waits_until = ask.now if left else taken[0] + asks.RECOVERY_WINDOW_SECONDS
    return state._replace(recoveries=taken), Attempt(ask.now, left, waits_until, state.account)


def _tries_state(state: State, now: int) -> asks.Ready | Waiting | Stopped:
    if len(state.failures) >= asks.STOP_FAILURES:
        return Stopped()
    if now < state.wait_until:
        return Waiting(state.wait_until)
    return asks.Ready(max(0, asks.FREE_FAILURES - state.in_a_row))


def _cut(state: State, now: int) -> State:
    return state._replace(wait_until=min(state.wait_until, now + asks.LONGEST_WAIT_SECONDS))


def _tidied(tries: tuple[int, ...], now: int, window: int) -> tuple[int, ...]:
    return tuple(sorted(now if at > now + window else at for at in tries if at > now - window))


def _with_one(tries: tuple[int, ...], now: int, window: int) -> tuple[int, ...]:
    return tuple(sorted((*_tidied(tries, now, window), now)))


def _without_one(tries: tuple[int, ...], at: int) -> tuple[int, ...]:
    if at not in tries:
        return tries
    place = tries.index(at)
    return tries[:place] + tries[place + 1 :]


def _succeeded(state: State, attempt_at: int) -> State:
    return state._replace(failures=_without_one(state.failures, attempt_at), in_a_row=0, wait_until=0)


# ---- spending -------------------------------------------------------------------------------------------------------


def spend_step(state: State, ask: asks.SpendStep) -> tuple[State, Spending]:
    if (
        state.generation != ask.generation
        or not state.generation
        or ask.authenticator not in dict(state.authenticators)
    ):
        return state, Moved()
    if ask.step <= state.last_step:
        return state, SpentBefore()
    return _settled(_succeeded(state._replace(last_step=ask.step), ask.attempt_at), ask)


def spend_code(state: State, ask: asks.SpendCode) -> tuple[State, Spending]:
    if state.generation != ask.generation or not state.generation:
        return state, Moved()
    if ask.code not in state.codes:
        return state, SpentBefore()
    state = state._replace(
        codes=state.codes - {ask.code},
        recoveries=_without_one(state.recoveries, ask.attempt_at),
        failures=tuple(at for at in state.failures if at == ask.now),
        in_a_row=0,
        wait_until=0,
    )
    return _settled(state, ask)


def _settled(state: State, ask: asks.SpendStep | asks.SpendCode) -> tuple[State, Spent]:
    if ask.ends is not None:
        state = state._replace(passes=_without(state.passes, ask.ends))
    if ask.change is not None:
        state = _changed(state, ask.change)
    if ask.opens is not None:
        state = _with_pass(state, ask.opens, ask.now)
    if ask.remembers is not None:
        state = state._replace(browsers=_with(state.browsers, ask.remembers, ask.now, asks.MOST_BROWSERS))
    return state, Spent(len(state.codes))


def turn_on(state: State, ask: asks.TurnOn) -> tuple[State, Spent | Moved]:
    if state.generation != ask.generation or _living(state.setups, ask.setup_digest, ask.now) is None:
        return state, Moved()
    state = _changed(_succeeded(state, ask.attempt_at), ask.change, ask.step)
    return _with_pass(state, ask.opens, ask.now), Spent(len(ask.change.codes))


def reset_account(state: State, ask: asks.ResetAccount) -> tuple[State, asks.Done | Moved]:
    if state.generation != ask.generation:
        return state, Moved()
    return _changed(state, ask.change)._replace(failures=(), recoveries=(), in_a_row=0, wait_until=0), asks.Done()


def _changed(state: State, change: Change, step: int = 0) -> State:
    return state._replace(
        generation=change.generation,
        last_step=max(state.last_step, step),
        roster=change.roster,
        authenticators=tuple(sorted(change.authenticators.items())),
        codes=change.codes,
        passes=(),
        browsers=(),
        setups=(),
    )


# ---- rows -----------------------------------------------------------------------------------------------------------


def begin_setup(state: State, ask: asks.BeginSetup) -> tuple[State, asks.Begun]:
    begun = _living(state.setups, ask.setup.digest, ask.now)
    if begun is not None:
        return state, asks.Begun(begun, is_new=False)
    setups = _with(state.setups, ask.setup, ask.now, asks.MOST_SETUPS)
    return state._replace(setups=setups), asks.Begun(ask.setup, is_new=True)


def read_setup(state: State, ask: asks.ReadSetup) -> tuple[State, SetupRow | None]:
    return state, _living(state.setups, ask.digest, ask.now)


def look(state: State, ask: asks.Look) -> tuple[State, asks.Seen]:
    found = ask.pass_digest and _living(state.passes, ask.pass_digest, ask.now)
    browser = ask.browser_digest and _living(state.browsers, ask.browser_digest, ask.now)
    return state, asks.Seen(state.account, found or None, browser or None)


def open_pass(state: State, ask: asks.OpenPass) -> tuple[State, asks.Done | Moved]:
    """Without a remembered browser: nothing that is explored here opens a pass for one."""
    assert ask.browser_digest is None
    if state.generation != ask.generation:
        return state, Moved()
    if ask.ends is not None:
        state = state._replace(passes=_without(state.passes, ask.ends))
    return _with_pass(state, ask.opens, ask.now), asks.Done()


def end_pass(state: State, ask: asks.EndPass) -> tuple[State, asks.Done | asks.Absent]:
    left = _without(state.passes, ask.digest)
    return state._replace(passes=left), asks.Absent() if left == state.passes else asks.Done()


def read_summary(state: State, ask: asks.ReadSummary) -> tuple[State, asks.Summary]:
    rows = [row for row in (*state.passes, *state.browsers) if row.expires_at > ask.now]
    late = [at for at in state.failures if at > ask.now - asks.STOP_WINDOW_SECONDS]
    stopped = len(state.failures) >= asks.STOP_FAILURES
    summary = asks.Summary(
        account=state.account,
        person=None,
        attempts=_tries_state(_cut(state, ask.now), ask.now),
        failures=len(state.failures if stopped else late),
        browsers=sum(isinstance(row, BrowserRow) for row in rows),
        passes=sum(isinstance(row, PassRow) for row in rows),
        used_at=max((row.used_at for row in rows), default=0),
        met={},
    )
    return state, summary


def read_roles(state: State, ask: asks.ReadRoles) -> tuple[State, tuple[asks.RoleRow, ...]]:
    """No role is enforced."""
    return state, ()


def acknowledge(state: State, ask: asks.Acknowledge) -> tuple[State, asks.Done]:
    """What is there lasts."""
    return state, asks.Done()


def _living(rows: tuple[Row, ...], digest: bytes, now: int) -> Row | None:
    return next((row for row in rows if row.digest == digest and row.expires_at > now), None)


def _without(rows: tuple[Row, ...], digest: bytes) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.digest != digest)


def _with(
    rows: tuple[Row, ...], row: Row, now: int, most: int, crowds: Callable[[Row], bool] = lambda _: True
) -> tuple[Row, ...]:
    """With this row; of those that crowd, so many at most. The oldest goes first, of several the last by its digest."""
    living = [other for other in rows if other.expires_at > now and other.digest != row.digest]
    crowd = sorted((other for other in living if crowds(other)), key=lambda other: other.digest)
    crowd.sort(key=lambda other: other.opened_at, reverse=True)
    gone = {other.digest for other in crowd[most - 1 :]} if crowds(row) else set()
    return tuple(sorted((*(one for one in living if one.digest not in gone), row), key=lambda one: one.digest))


def _with_pass(state: State, row: PassRow, now: int) -> State:
    passes = _with(state.passes, row, now, asks.MOST_UNPROVEN_PASSES, lambda one: not one.proven)
    return state._replace(passes=passes)


_ANSWERS: dict[type, Callable[[State, Any], tuple[State, Any]]] = {
    asks.ReadAttempts: read_attempts,
    asks.TakeAttempt: take_attempt,
    asks.TakeRecoveryAttempt: take_recovery_attempt,
    asks.SpendStep: spend_step,
    asks.SpendCode: spend_code,
    asks.TurnOn: turn_on,
    asks.ResetAccount: reset_account,
    asks.BeginSetup: begin_setup,
    asks.ReadSetup: read_setup,
    asks.Look: look,
    asks.OpenPass: open_pass,
    asks.EndPass: end_pass,
    asks.ReadSummary: read_summary,
    asks.ReadRoles: read_roles,
    asks.Acknowledge: acknowledge,
}


class ExactStore:
    """A state that changes, to be asked like a store."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()

    def answer(self, ask: Any) -> Any:
        self.state, reply = answered(self.state, ask)
        return reply

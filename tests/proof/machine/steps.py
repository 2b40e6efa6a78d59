"""A move is made on the model and on both sides, and all three have to agree on what became of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from proof.machine.faults import Fault
from proof.machine.model import Account, Form, Token
from proof.machine.moves import Move
from proof.machine.other_moves import Model
from proof.machine.sides import Side
from support.exchange import Reply
from support.realm import NOW, Clock
from support.visitor import Visitor

JARS = ("laptop", "phone", "desk")
WRONG = -1


class Steps:
    """``forms``: every form that was drawn, with its fields on each side. ``tokens``: the value of every cookie ever set."""

    def __init__(self, sides: Sequence[Side], clock: Clock, number: int) -> None:
        self.sides, self.clock = sides, clock
        clock.now = NOW
        self.users = [f"{name}-{number}" for name in ("erin", "frank", "ada")]
        self.model = Model(NOW)
        self.model.accounts = {user: Account() for user in self.users}
        self.model.jars = {jar: {} for jar in JARS}
        self.tokens: list[Token] = []
        self.forms: list[tuple[Form, list[dict[str, str]]]] = []
        self.secrets: dict[str, list[int]] = {user: [] for user in self.users}
        self.recovery: dict[str, list[tuple[int, int]]] = {user: [] for user in self.users}
        self.accepted: set[tuple[str, int, int]] = set()
        self.sessions = 0
        self.steps = 0
        for side in sides:
            side.start_anew()

    # ---- a move ---------------------------------------------------------------------------------------------------------

    def goes_on(self, seconds: int = 1) -> None:
        self.clock.now += seconds
        for side in self.sides:
            side.tick += 0.3

    def makes(
        self,
        jar: str,
        app: str,
        move: Callable[[Model], Move],
        request: Callable[[Side, Visitor], Reply],
        fault: Fault | None = None,
    ) -> tuple[str, list[Reply]]:
        """Answers the model's word for it, and what came on each side."""
        self.model.now, self.steps = self.clock.now, self.steps + 1
        before, lived = copy.deepcopy(self.model) if fault else None, self.living()
        self.model.sets = {}
        word = finish(move(self.model))
        told = [self._ask(side, jar, app, request, fault) for side in self.sides]
        if fault is not None and before is not None and any(has_struck for _, _, has_struck in told):
            return self._fails(before, lived, move, word, told)
        for side, (said, _, _) in zip(self.sides, told, strict=True):
            assert said == word, f"{side.name} says {said!r}, where {word!r} is right"
        keep(self.model, jar)
        self._same_cookies(jar)
        self.same_store()
        self.hears_of(lived)
        return word, [reply for _, reply, _ in told]

    def _ask(
        self, side: Side, jar: str, app: str, request: Callable[[Side, Visitor], Reply], fault: Fault | None
    ) -> tuple[str, Reply, bool]:
        return side.ask(app, lambda visitor: request(side, visitor), jar, fault)

    def _fails(
        self,
        before: Model,
        lived: dict[str, set[int]],
        move: Callable[[Model], Move],
        word: str,
        told: list[tuple[str, Reply, bool]],
    ) -> tuple[str, list[Reply]]:
        """503 on both sides, nothing in the browser, and in the store the state after some of the changes."""
        for side, (said, _, has_struck) in zip(self.sides, told, strict=True):
            assert has_struck, f"{side.name} has asked less than the other"
            assert said.removeprefix("called ") == "503", f"{side.name}: {said!r} while the store fails"
            assert not said.startswith("called") or word.startswith("called"), f"{side.name}: the app was called"
        found = [[side.summary(user) for user in self.users] for side in self.sides]
        assert all(one == found[0] for one in found), f"the store failed, and now the sides differ: {found}"
        states = []
        for changes in range(8):
            state = copy.deepcopy(before)
            is_over = finish(move(state), changes) is not None
            states.append(state)
            if is_over:
                break
        for state in states:
            if [summary_of(state, user) for user in self.users] == found[0]:
                state.sets = {}
                self.model = state
                self.hears_of(lived)
                return "503", [reply for _, reply, _ in told]
        raise AssertionError(f"after a failure the store is in no state of before or after: {found[0]}")

    def _same_cookies(self, jar: str) -> None:
        """Each side's browser holds what the model's holds: the same old value, or one that was never there before."""
        for side in self.sides:
            real = {side.named(name): (name, value) for name, value in side.jars.get(jar, {}).items()}
            expected = {
                (kind, whose if kind != "browser" else side.user_key(whose)): (kind, whose, token)
                for (kind, whose), token in self.model.jars[jar].items()
            }
            assert real.keys() == expected.keys(), f"{side.name}: cookies {sorted(map(str, real))}"
            for slot, (_, _, token) in expected.items():
                value = real[slot][1]
                if token.number in side.values:
                    assert side.values[token.number] == value, f"{side.name}: another {slot} than there was"
                else:
                    assert value not in side.values.values(), f"{side.name}: an old {slot} came back"
                    side.values[token.number] = value
                    if side is self.sides[0]:
                        self.tokens.append(token)

    def same_store(self) -> None:
        for user in self.users:
            expected = summary_of(self.model, user)
            for side in self.sides:
                found = side.summary(user)
                assert found == expected, f"{side.name}: of {user} the store has {found}, and it should be {expected}"

    def living(self) -> dict[str, set[int]]:
        """The numbers of all that lets somebody in, by user."""
        accounts = self.model.accounts.items()
        return {user: {one.number for one in account.passes + account.browsers} for user, account in accounts}

    def hears_of(self, lived: dict[str, set[int]]) -> None:
        """Of what has ended, every gate has heard before the next move."""
        for user, now in self.living().items():
            if lived[user] - now:
                for side in self.sides:
                    side.settle(user)


def finish(move: Move, changes: int | None = None) -> str | None:
    """The move's word; with ``changes`` it is broken off after so many, and there is a word only if that was all."""
    count = 0
    while True:
        try:
            next(move)
        except StopIteration as end:
            word: str = end.value
            return word
        if changes is not None and count == changes:
            return None
        count += 1


def keep(model: Model, jar: str) -> None:
    """The browser takes the cookies of an answer."""
    for slot, token in model.sets.items():
        if token is None:
            model.jars[jar].pop(slot, None)
        else:
            model.jars[jar][slot] = token
    model.sets = {}


def summary_of(model: Model, user: str) -> tuple[Any, ...]:
    """As ``Side.summary``, of the model."""
    account, now = model.accounts[user], model.now
    is_stopped = len(account.tries) >= 50
    until = min(account.wait_until, now + 3600)
    state = "Stopped" if is_stopped else "Waiting" if now < until else "Ready"
    failures = len(account.tries) if is_stopped else sum(at > now - 30 * 86400 for at in account.tries)
    passes = sum(one.expires > now for one in account.passes)
    browsers = sum(one.expires > now for one in account.browsers)
    factors = (account.generation, account.last_step, int(bool(account.secret)))
    codes = len(account.codes) + len(account.dead_codes)
    return (*factors, codes, state, until if state == "Waiting" else 0, failures, passes, browsers)

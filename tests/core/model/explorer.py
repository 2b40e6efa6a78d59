"""Every interleaving of a few clients over the questions of their flows, with a fault at each question.

A client is somebody who submits, and submits again whatever became of it. Where his flow waits for the store, one of
five things happens: the question is answered; his server dies before it is asked, or after; or no answer comes (the
driver raises StoreUnavailable in the flow), be it that the store never got the question or that it did.

The flows are the real ones, so a client's steps are a function of the replies that he got: each is run once for each
course of replies, and the rest is plain values. Depth first, every state once; the first broken property ends the search
with the way that leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from core.flows.people import SITE
from support.exact_store import State, answered
from twofa_middleware import asks
from twofa_middleware.accounts.passes import read_pass
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Login

from .course import Place, Submission, key_of, run_of

ANSWERED, DIES_BEFORE, DIES_AFTER, UNHEARD, UNANSWERED = (
    "answered",
    "dies before",
    "dies after",
    "unheard",
    "unanswered",
)
HAPPENINGS = (ANSWERED, DIES_BEFORE, DIES_AFTER, UNHEARD, UNANSWERED)
ATTEMPTS = (asks.TakeAttempt, asks.TakeRecoveryAttempt)


class Broken(Exception):
    """A property does not hold."""


class World(NamedTuple):
    """What is so, whoever knows it. ``accepted``: what was accepted, of whom, in which of his submissions.

    ``counted``: attempts that were counted since the start, by submission; ``wrong``: wrong codes of the app that were
    looked at since its failures were last cleared by a recovery code or an administrator, and ``wrong_recovery``: wrong
    recovery codes since an administrator cleared theirs.
    """

    state: State
    accepted: frozenset[tuple[str, int, int]] = frozenset()
    counted: tuple[tuple[int, int], ...] = ()
    wrong: int = 0
    wrong_recovery: int = 0


@dataclass
class Explored:
    states: int = 0
    outcomes: set[str] = field(default_factory=set)


class Explorer:
    """``clients``: of each, what he submits, one after the other. ``login``: whose account it all is about."""

    def __init__(self, start: State, clients: Sequence[Sequence[Submission]], login: Login) -> None:
        self._clients = clients
        self._login, self._user = login, SITE.user_key(login)
        self._worlds: dict[World, int] = {}
        self._world_of: list[World] = []
        self._places: dict[Any, int] = {}
        self._place_of: list[Place] = []
        self._moves: dict[tuple[int, int], list[tuple[str, int, int] | Broken]] = {}
        self._is_good: dict[tuple[asks.PassRow, int], bool] = {}
        self._start = self._world(World(start))

    def explore(self) -> Explored:
        """Broken at the first state in which a property does not hold."""
        first = (self._start, *(self._begin(client, 0) for client in range(len(self._clients))))
        came_from: dict[tuple[int, ...], tuple[tuple[int, ...], int, str] | None] = {first: None}
        waiting, found = [first], Explored()
        while waiting:
            here = waiting.pop()
            for client in range(1, len(here)):
                for move in self._moves_of(here[0], here[client]):
                    if isinstance(move, Broken):
                        raise Broken(f"{move}\n{self._way(came_from, here)}\n  then client {client}") from move
                    happening, world, place = move
                    there = (world, *here[1:client], place, *here[client + 1 :])
                    if there not in came_from:
                        came_from[there] = (here, client, happening)
                        waiting.append(there)
        found.states = len(came_from)
        found.outcomes = {place.course[-1] for place in self._place_of if place.ask is None and place.course}
        return found

    # ---- one step ---------------------------------------------------------------------------------------------------

    def _moves_of(self, world: int, place: int) -> list[tuple[str, int, int] | Broken]:
        moves = self._moves.get((world, place))
        if moves is None:
            moves = self._moves[world, place] = list(self._moved(self._world_of[world], self._place_of[place]))
        return moves

    def _moved(self, world: World, place: Place) -> Iterator[tuple[str, int, int] | Broken]:
        if place.ask is None:
            return
        try:
            after, reply = self._asked(world, place)
            yield self._arrived(ANSWERED, after, place, reply)
            yield self._arrived(UNANSWERED, after, place, StoreUnavailable("no answer"))
            yield self._arrived(UNHEARD, world, place, StoreUnavailable("no answer"))
            again = self._begin(place.client, place.run + 1)
            yield DIES_AFTER, self._world(after), again
            yield DIES_BEFORE, self._world(world), again
        except Broken as broken:
            yield broken

    def _asked(self, world: World, place: Place) -> tuple[World, Any]:
        """The question reaches the store."""
        ask, before = place.ask, world.state
        state, reply = answered(before, ask)
        world = world._replace(state=state)
        if isinstance(ask, ATTEMPTS) and isinstance(reply, asks.Attempt):
            world = world._replace(counted=tuple(sorted((*world.counted, (place.client, place.run)))))
            if world.counted.count((place.client, place.run)) > 1:
                raise Broken("one submission was counted twice")
        opens = getattr(ask, "opens", None)
        if isinstance(reply, asks.Spent) or (opens is not None and opens.proven and isinstance(reply, asks.Done)):
            if place.generation != before.generation:
                raise Broken("something was accepted under another generation than it was checked against")
            world = self._accepted(world, place)
        if isinstance(ask, asks.SpendCode) and isinstance(reply, asks.Spent):
            world = world._replace(wrong=0)
        if isinstance(ask, asks.ResetAccount) and isinstance(reply, asks.Done):
            world = world._replace(wrong=0, wrong_recovery=0)
        return world, reply

    def _accepted(self, world: World, place: Place) -> World:
        proof = self._clients[place.client][place.run].proof
        if proof is None:
            raise Broken("a wrong code was accepted")
        if not place.attempts:
            raise Broken("something was accepted without a counted attempt")
        accepted = world.accepted | {(proof, place.client, place.run)}
        if sum(what == proof for what, _, _ in accepted) > 1:
            raise Broken(f"{proof} was accepted twice")
        return world._replace(accepted=accepted)

    def _arrived(self, happening: str, world: World, place: Place, reply: Any) -> tuple[str, int, int]:
        """The client has got a reply, or an error, and goes on to his next question or to his end."""
        then = self._continued(place.client, place.run, (*place.course, reply))
        at = self._place_of[then]
        submission = self._clients[at.client][at.run]
        if at.looks > place.looks and submission.proof is None:
            world = (
                world._replace(wrong_recovery=world.wrong_recovery + 1)
                if submission.is_recovery
                else world._replace(wrong=world.wrong + 1)
            )
        if at.is_accepted:
            world = self._accepted(world, at)
        if at.ask is None:
            then = self._begin(at.client, at.run + 1)
        return happening, self._world(world), then

    def _world(self, world: World) -> int:
        """The number of a world, in which everything holds if it has one."""
        number = self._worlds.get(world)
        if number is None:
            self._check(world)
            number = self._worlds[world] = len(self._world_of)
            self._world_of.append(world)
        return number

    def _check(self, world: World) -> None:
        state = world.state
        if world.wrong > len(state.failures) or world.wrong_recovery > len(state.recoveries):
            raise Broken("more wrong codes were looked at than failures are counted")
        for row in state.passes:
            key = (row, state.generation)
            if key not in self._is_good:
                now = row.opened_at
                self._is_good[key] = read_pass(SITE, self._login, self._user, state.generation, row, now) is not None
            if not self._is_good[key]:
                raise Broken("a pass of an older generation is left")

    # ---- the flows --------------------------------------------------------------------------------------------------

    def _begin(self, client: int, run: int) -> int:
        """Before the first question of a submission; after the last one, at the end."""
        if run >= len(self._clients[client]):
            return self._place((client, run, None), lambda: Place(client, run, ()))
        return self._continued(client, run, ())

    def _continued(self, client: int, run: int, course: tuple[Any, ...]) -> int:
        return self._place(
            (client, run, tuple(map(key_of, course))), lambda: run_of(self._clients[client][run], client, run, course)
        )

    def _place(self, key: Any, made: Callable[[], Place]) -> int:
        number = self._places.get(key)
        if number is None:
            place = made()
            number = self._places[key] = len(self._place_of)
            self._place_of.append(place)
        return number

    # ---- what went wrong --------------------------------------------------------------------------------------------

    def _way(self, came_from: Any, here: tuple[int, ...]) -> str:
        steps: list[str] = []
        while came_from[here] is not None:
            before, client, happening = came_from[here]
            asked = type(self._place_of[before[client]].ask).__name__
            steps.append(f"  client {client}: {asked} {happening}")
            here = before
        return "\n".join(reversed(steps))

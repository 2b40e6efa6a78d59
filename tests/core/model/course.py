"""One submission's course: what somebody typed, and where its real flow is after the replies that it got."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from twofa_middleware import asks
from twofa_middleware.accounts.attempts import Accepted
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.protocol import Flow


class Typed(str):
    """What somebody typed; it knows how often somebody has looked at it."""

    looks: int

    def __new__(cls, text: str) -> Typed:
        made = super().__new__(cls, text)
        made.looks = 0
        return made

    def strip(self, *chars: Any) -> str:  # what totp.clean does first
        self.looks += 1
        return super().strip(*chars)

    def isascii(self) -> bool:  # what recovery.clean does first
        self.looks += 1
        return super().isascii()


@dataclass(frozen=True, eq=False)
class Submission:
    """One thing that is submitted. ``proof`` names what it spends if it is right, such as a step; None: it is wrong.

    ``flow`` makes the flow of it, out of the text as it is typed this time. ``is_recovery``: it is a recovery code.
    """

    text: str
    flow: Callable[[Typed], Flow[Any]]
    proof: str | None
    is_recovery: bool = False


@dataclass(frozen=True, eq=False)
class Place:
    """Where a client is: before the question ``ask``, or at his end. ``run``: his how-manieth submission this is.

    ``looks``: how often his text was looked at; ``generation``: of the account that it was compared with. ``attempts``:
    how many he has counted, as far as he was told; ``is_accepted``: whether he was told that it is right.
    """

    client: int
    run: int
    course: tuple[Any, ...]
    ask: Any = field(default=None)
    looks: int = 0
    generation: int = -1
    attempts: int = 0
    is_accepted: bool = False


def run_of(submission: Submission, client: int, run: int, course: tuple[Any, ...]) -> Place:
    """Run the flow of a submission from its beginning, with these replies."""
    typed = Typed(submission.text)
    flow, rest, number, attempts = submission.flow(typed), list(course), 0, 0
    read = generation = -1
    try:
        ask = next(flow)
        while True:
            if not isinstance(ask, asks.StoreAsk):
                number += 1
                random = hashlib.shake_128(bytes([client, run, number]))
                ask = flow.send(random.digest(ask.size) if isinstance(ask, asks.Random) else None)
                continue
            if not rest:
                return Place(client, run, course, ask, typed.looks, generation, attempts)
            reply = rest.pop(0)
            attempts += isinstance(reply, asks.Attempt)
            if isinstance(reply, asks.Attempt | asks.Seen):
                read = reply.account.generation if reply.account else 0
            looks = typed.looks
            ask = flow.throw(reply) if isinstance(reply, Exception) else flow.send(reply)
            generation = read if typed.looks > looks else generation
    except StopIteration as end:
        outcome, is_accepted = type(end.value).__name__, isinstance(end.value, Accepted)
    except StoreUnavailable:
        outcome, is_accepted = "refused", False
    return Place(client, run, (*course, outcome), None, typed.looks, generation, attempts, is_accepted)


def key_of(reply: Any) -> Any:
    """A reply as something that can be hashed."""
    if isinstance(reply, asks.Attempt):
        return ("attempt", reply.at, reply.left, reply.waits_until, _account_key(reply.account), reply.setup)
    if isinstance(reply, asks.Seen):
        return ("seen", _account_key(reply.account), reply.pass_row, reply.browser)
    if isinstance(reply, asks.Summary):
        return ("summary", _account_key(reply.account))
    return type(reply) if isinstance(reply, Exception) else reply


def _account_key(account: asks.AccountRow | None) -> Any:
    if account is None:
        return None
    sealed = tuple(sorted(account.authenticators.items()))
    return account.generation, account.last_step, account.roster, account.codes, sealed

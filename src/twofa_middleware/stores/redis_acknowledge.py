"""What has to be true of a change that matters before it counts as made: replicas have it, disks have it.

``WAIT`` and ``WAITAOF`` are said on the connection that made the change, so they are about that change. If too few
have it in time, or nobody can tell, the change may have happened and still is refused: who is not let in tries again,
and at worst a code or a try is spent.
"""

from __future__ import annotations

from typing import Any

from .. import asks
from ..errors import StoreUnavailable
from ..protocol import Ask, StoreOptions
from .redis_steps import Conversation, Words

MATTERS: frozenset[type[Ask[Any]]] = frozenset(
    {
        asks.TakeAttempt,  # lost, a guesser has one more try
        asks.TakeRecoveryAttempt,
        asks.SpendStep,  # lost, the same code, and the pass that it opened is gone
        asks.SpendCode,  # lost, a recovery code works twice; no fence can help
        asks.TurnOn,  # lost, somebody has scanned a secret that nobody knows
        asks.ResetAccount,  # lost, a stolen phone works again
        asks.EndPass,  # lost, who has logged out is in again
        asks.EndPasses,
        asks.ForgetBrowsers,  # lost, a browser that was given away skips the prompt again
        asks.Unlock,  # lost, its event is lost too: nobody can tell who has given a guesser new tries
        asks.WriteRole,  # lost, a role that an administrator saw enforced is not
        asks.WriteRecords,  # lost, what was carried here is nowhere, once the old place is gone
    }
)
"""All else can be lost without letting anybody in: passes that nobody was prompted for are opened again, set-ups begun
again, and times of use, counts and events that are only told keep nobody out."""


def is_wanted(options: StoreOptions) -> bool:
    return bool(options.replicas or options.fsync)


def acknowledged(conversation: Conversation, options: StoreOptions) -> Conversation:
    """The conversation, and then the question how many have what it changed; StoreUnavailable if it is too few."""
    from redis.exceptions import ResponseError

    reply = yield from conversation
    milliseconds = max(1, round(options.wait_seconds * 1000))  # 0 would wait without end
    words: Words = ("WAIT", options.replicas, milliseconds)
    if options.fsync:
        words = ("WAITAOF", 1, options.replicas, milliseconds)
    try:
        found = yield words
    except ResponseError as error:
        raise StoreUnavailable(f"the change may not last, the server refused {words[0]}: {error}") from None
    counts = found if isinstance(found, list) else [found]
    wanted = [1, options.replicas] if options.fsync else [options.replicas]
    if len(counts) != len(wanted) or any(not isinstance(count, int) for count in counts):
        raise StoreUnavailable(f"the change may not last: no answer to {words[0]}")
    if any(count < least for count, least in zip(counts, wanted, strict=True)):
        raise StoreUnavailable(
            f"the change may not last: {counts[-1]} of {options.replicas} replicas have it"
            + (f", and {counts[0]} of 1 primaries on its disk" if options.fsync else "")
        )
    return reply

"""What has to be true of a change that matters before it counts as made: replicas have it, disks have it.

``WAIT`` and ``WAITAOF`` count who has the last write of their own connection. Of one that wrote nothing they would say
at once that all have it: so when a change that was refused is asked for again, on another connection, and finds that it
is there. So a write without effect goes out with them, on the connection that was asked and behind all that its server
had written by then. If too few have it in time, or nobody can tell, the change may have happened and still is refused:
who is not let in tries again, and at worst a code or a try is spent.
"""

from __future__ import annotations

from typing import Any

from .. import asks
from ..errors import StoreUnavailable
from ..protocol import Ask, StoreOptions
from .redis_encoding import encode
from .redis_scripts import script_of
from .redis_steps import Behind, Conversation, Words

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
        asks.BeginLogin,  # lost, a cookie is still whose it was before another log-in
        asks.Unbind,
        asks.Unlock,  # lost, its event is lost too: nobody can tell who has given a guesser new tries
        asks.WriteRole,  # lost, a role that an administrator saw enforced is not
        asks.WriteRecords,  # lost, what was carried here is nowhere, once the old place is gone
        asks.Acknowledge,  # what was there already is told as done
    }
)
"""All else can be lost without letting anybody in: passes that nobody was prompted for are opened again, set-ups begun
again, and times of use, counts and events that are only told keep nobody out."""


def is_wanted(options: StoreOptions) -> bool:
    return bool(options.replicas or options.fsync)


def nothing_to_wait_for() -> Conversation:
    """What is said where no replica and no disk is wanted: nothing."""
    return [b"done"]
    yield  # a generator, as those that say something


def acknowledged(conversation: Conversation, options: StoreOptions, keys: tuple[str, ...]) -> Conversation:
    """The conversation, and then the question how many have what it found; StoreUnavailable if it is too few.

    ``keys``: those that it was about.
    """
    reply = yield from conversation
    milliseconds = max(1, round(options.wait_seconds * 1000))  # 0 would wait without end
    words: Words = ("WAIT", options.replicas, milliseconds)
    if options.fsync:
        words = ("WAITAOF", 1, options.replicas, milliseconds)
    barrier = ("EVAL", script_of("Acknowledge").text, len(keys), *keys, encode(asks.Acknowledge(asks.REALM)))
    written, found = yield Behind((barrier, words), longer=milliseconds / 1000)
    for said, answer in (("a write behind it", written), (words[0], found)):
        if isinstance(answer, Exception):
            raise StoreUnavailable(f"the change may not last, the server refused {said}: {answer}")
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

"""The fence: after a failover that lost writes, no step up to that moment is accepted again.

Redis acknowledges a write before its replicas have it. A server that takes over, or that comes back from a disk that
was behind, may have lost the last steps that were spent, and would accept their codes once more. It is told by the id
under which it writes (``master_replid``): a server that starts, and a replica that is promoted, takes a new one, also
one that was the primary before. Whoever first meets an id that is not in ``2fa:<realm>:{*}:fence`` writes it there, with
the last step that can have been accepted until then, by the later of the two clocks; a step is then spent only if it is
later. ``twofa init`` writes
the servers of a new store with 0, so a new store fences nobody. Who verifies in the minute after a failover may be told
that a code was used before, and waits for the next.

A recovery code cannot be fenced: it has no time, so a lost write leaves nothing by which a spent one differs from one
that was never used. Whoever must not lose one sets ``acknowledge``.
"""

from __future__ import annotations

from .redis_scripts import FUTURE_STEPS, STEP_SECONDS
from .redis_steps import Conversation
from .redis_talks import run

MOST_KNOWN = 1000


def step_of(now: int) -> int:
    """The latest step that is accepted at a time: of the next code too, for a phone whose clock is fast."""
    return now // STEP_SECONDS + 1


class Fences:
    """The fences of a realm that this process has met. They stay what they are."""

    def __init__(self, realm: str) -> None:
        self._key = f"2fa:{realm}:{{*}}:fence"
        self._steps: dict[bytes, int] = {}

    def step(self, server: bytes, now: int) -> int | None:
        """The step up to which the server accepts nothing; None if it has to be learned."""
        step = self._steps.get(server)
        return None if step is None or step > step_of(now) + FUTURE_STEPS else step

    def learn(self, server: bytes, now: int) -> Conversation:
        """Find the server's fence, or set it."""
        step = int((yield from self._take(server, step_of(now))))
        if len(self._steps) >= MOST_KNOWN:
            self._steps = {}
        self._steps[server] = step

    def leave_open(self, server: bytes) -> Conversation:
        """The server has been there since the store was made, and has lost nothing."""
        return self._take(server, 0)

    def _take(self, server: bytes, step: int) -> Conversation:
        return run("TakeFence", (self._key,), {"server": server, "step": step})

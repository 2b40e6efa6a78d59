"""Which server a key lies on: always the same one, the one that Sentinels name, or the one that has the key's slot."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from ..errors import StoreUnavailable
from .redis_address import Address, Node
from .redis_slots import Slots
from .redis_steps import Say, SayAll, Steps, Take

SENTINEL_SECONDS = 2.0
"""So long the Sentinels' word is taken. A server that is no primary any more is found out by itself at once."""
SILENT_SECONDS = 10.0
"""So long a Sentinel that did not answer is asked only if no other one answers."""


class Topology(Protocol):
    """``slots``: which slots lie where, as far as is known; None where there are no slots."""

    @property
    def slots(self) -> Slots | None: ...

    def find(self, key: str) -> Steps[Node]:
        """Where a key lies."""

    def known(self, key: str) -> Node | None:
        """The same, if nobody has to be asked."""

    def primaries(self) -> Steps[tuple[Node, ...]]:
        """All servers that hold keys."""

    def lost(self) -> None:
        """Something went wrong: whoever is asked next may be another one."""

    def moved(self, slot: int, node: Node) -> None:
        """A server says that the slot lies elsewhere."""


def topology_of(address: Address) -> Topology:
    match address.kind:
        case "server":
            return OneServer(address.nodes[0])
        case "sentinel":
            return BySentinels(address.nodes, address.service)
        case "cluster":
            return ByTheSlot(address.nodes)


class OneServer:
    """The server that the settings name."""

    slots: Slots | None = None

    def __init__(self, node: Node) -> None:
        self._node = node

    def find(self, key: str) -> Steps[Node]:
        return self._node
        yield  # a generator, as those that have to ask

    def known(self, key: str) -> Node | None:
        return self._node

    def primaries(self) -> Steps[tuple[Node, ...]]:
        return (self._node,)
        yield

    def lost(self) -> None:
        pass

    def moved(self, slot: int, node: Node) -> None:
        raise StoreUnavailable(f"{self._node} is part of a Redis Cluster: name it by redis+cluster://…")


class BySentinels:
    """The primary that the Sentinels name (https://redis.io/docs/latest/develop/reference/sentinel-clients/).

    All are asked, and the one with the highest epoch is believed, as Sentinels believe each other: each failover has a
    higher one. The first to answer may be cut off from the others, together with the primary of before, which would
    accept the codes that the new one has accepted. Whoever did not answer is left out for a while, so that it delays few.
    """

    slots: Slots | None = None

    def __init__(self, sentinels: tuple[Node, ...], service: str) -> None:
        self._sentinels = sentinels
        self._service = service
        self._failed_at: dict[Node, float] = {}
        self._found: tuple[Node, float] | None = None

    def find(self, key: str) -> Steps[Node]:
        asked_at = monotonic()
        if (known := self.known(key)) is not None:
            return known
        from redis.exceptions import RedisError

        named: dict[Node, int] = {}
        errors = []
        for sentinel in sorted(self._sentinels, key=self._turn):
            if named and self._is_silent(sentinel):
                break
            try:
                node, epoch = yield from self._named_by(sentinel)
            except (RedisError, OSError) as error:
                errors.append(f"{sentinel}: {str(error) or type(error).__name__}")
                self._failed_at[sentinel] = monotonic()
            except LookupError:
                errors.append(f'{sentinel} knows no "{self._service}"')
            else:
                self._failed_at.pop(sentinel, None)
                named[node] = max(epoch, named.get(node, epoch))
        if not named:
            raise StoreUnavailable(f'no Sentinel named the primary of "{self._service}": {"; ".join(errors)}')
        found = max(named, key=named.__getitem__)
        self._found = found, asked_at
        return found

    def known(self, key: str) -> Node | None:
        found = self._found
        return found[0] if found is not None and monotonic() - found[1] < SENTINEL_SECONDS else None

    def _turn(self, sentinel: Node) -> tuple[bool, float]:
        """Of those that are silent the last to fail comes first: perhaps the time of the question had run out before."""
        return self._is_silent(sentinel), -self._failed_at.get(sentinel, 0.0)

    def _is_silent(self, sentinel: Node) -> bool:
        failed_at = self._failed_at.get(sentinel)
        return failed_at is not None and monotonic() - failed_at < SILENT_SECONDS

    def _named_by(self, sentinel: Node) -> Steps[tuple[Node, int]]:
        """The primary and the epoch in which it became that; LookupError if the Sentinel does not know the service.

        In the middle of a failover SENTINEL MASTER still has the address of before, with the new epoch.
        """
        yield Take(sentinel)
        named, told = yield SayAll(
            (("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service), ("SENTINEL", "MASTER", self._service))
        )
        for reply in (named, told):
            if isinstance(reply, Exception) and named is not None:
                raise reply
        facts = told if isinstance(told, list) else []
        match named, dict(zip(facts[::2], facts[1::2], strict=False)).get(b"config-epoch"):
            case [bytes(host), bytes(port)], bytes(epoch) if port.isdigit() and epoch.isdigit():
                return Node(host.decode("ascii", "replace"), int(port)), int(epoch)
            case _:
                raise LookupError

    def primaries(self) -> Steps[tuple[Node, ...]]:
        return ((yield from self.find("")),)

    def lost(self) -> None:
        self._found = None

    def moved(self, slot: int, node: Node) -> None:
        raise StoreUnavailable("the Sentinels name a server of a Redis Cluster: name it by redis+cluster://…")


class ByTheSlot:
    """The primary that has the key's slot, by a map that any node tells; ``seeds`` are asked if no other answers."""

    def __init__(self, seeds: tuple[Node, ...]) -> None:
        self._seeds = seeds
        self._slots = Slots()
        self._is_stale = True

    @property
    def slots(self) -> Slots:
        return self._slots

    def find(self, key: str) -> Steps[Node]:
        if self._is_stale:
            yield from self._ask()
        node = self._slots.node_of_key(key)
        if node is None:
            self._is_stale = True
            raise StoreUnavailable("no node of the cluster has the slot of a key")
        return node

    def known(self, key: str) -> Node | None:
        return None if self._is_stale else self._slots.node_of_key(key)

    def primaries(self) -> Steps[tuple[Node, ...]]:
        if self._is_stale:
            yield from self._ask()
        return self._slots.nodes

    def _ask(self) -> Steps[None]:
        from redis.exceptions import RedisError

        errors = []
        for node in dict.fromkeys((*self._seeds, *self._slots.nodes)):
            self._is_stale = False  # what goes wrong from here on makes it stale again
            try:
                yield Take(node)
                found = Slots.told(node, (yield Say(("CLUSTER", "SLOTS"))))
            except (RedisError, OSError) as error:
                errors.append(f"{node}: {str(error) or type(error).__name__}")
                self._seeds = (
                    *(one for one in self._seeds if one != node),
                    *(one for one in self._seeds if one == node),
                )
                continue
            if found.nodes:
                self._slots = found
                return
            errors.append(f"{node} knows of no slots")
        self._is_stale = True
        raise StoreUnavailable(f"no node of the cluster told where the slots are: {'; '.join(errors)}")

    def lost(self) -> None:
        self._is_stale = True

    def moved(self, slot: int, node: Node) -> None:
        self._slots = self._slots.with_moved(slot, node)
        self._is_stale = True

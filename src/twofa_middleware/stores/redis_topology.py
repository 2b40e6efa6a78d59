"""Which server a key lies on: always the same one, the one that Sentinels name, or the one that has the key's slot."""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from ..errors import StoreUnavailable
from .redis_address import Address, Node
from .redis_slots import Slots
from .redis_steps import Say, Steps, Take

SENTINEL_SECONDS = 2.0
"""So long the Sentinels' word is taken. A server that is no primary any more is found out by itself at once."""


class Topology(Protocol):
    """``slots``: which slots lie where, as far as is known; None where there are no slots."""

    @property
    def slots(self) -> Slots | None: ...

    def find(self, key: str) -> Steps[Node]:
        """Where a key lies."""

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

    def primaries(self) -> Steps[tuple[Node, ...]]:
        return (self._node,)
        yield

    def lost(self) -> None:
        pass

    def moved(self, slot: int, node: Node) -> None:
        raise StoreUnavailable(f"{self._node} is part of a Redis Cluster: name it by redis+cluster://…")


class BySentinels:
    """The primary that the first Sentinel to answer names (https://redis.io/docs/latest/develop/reference/sentinel-clients/).

    One that does not answer is asked last from then on.
    """

    slots: Slots | None = None

    def __init__(self, sentinels: tuple[Node, ...], service: str) -> None:
        self._sentinels = sentinels
        self._service = service
        self._found: tuple[Node, float] | None = None

    def find(self, key: str) -> Steps[Node]:
        if self._found is not None and monotonic() - self._found[1] < SENTINEL_SECONDS:
            return self._found[0]
        from redis.exceptions import RedisError

        asked_at, errors = monotonic(), []
        for sentinel in self._sentinels:
            try:
                yield Take(sentinel)
                reply = yield Say(("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service))
                node = _node(reply)
            except (RedisError, OSError) as error:
                errors.append(f"{sentinel}: {str(error) or type(error).__name__}")
                self._sentinels = (*(one for one in self._sentinels if one != sentinel), sentinel)
                continue
            if node is None:
                errors.append(f'{sentinel} knows no "{self._service}"')
                continue
            self._found = node, asked_at
            return node
        raise StoreUnavailable(f'no Sentinel named the primary of "{self._service}": {"; ".join(errors)}')

    def primaries(self) -> Steps[tuple[Node, ...]]:
        return ((yield from self.find("")),)

    def lost(self) -> None:
        self._found = None

    def moved(self, slot: int, node: Node) -> None:
        raise StoreUnavailable("the Sentinels name a server of a Redis Cluster: name it by redis+cluster://…")


def _node(reply: object) -> Node | None:
    match reply:
        case [bytes(host), bytes(port)] if port.isdigit():
            return Node(host.decode("ascii", "replace"), int(port))
        case _:
            return None


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

"""The 16,384 slots of a Redis Cluster, and who has each (https://redis.io/docs/latest/commands/cluster-slots/)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from .redis_address import Node

SLOTS = 16384


def slot_of(key: str) -> int:
    from redis.crc import key_slot

    return int(key_slot(key.encode()))


class Slots:
    """A map of slots, which never changes; a newer one takes its place."""

    def __init__(self, owners: Mapping[int, Node] | None = None) -> None:
        self._owners = dict(owners or {})

    @classmethod
    def told(cls, by: Node, reply: object) -> Slots:
        """The map in the reply to CLUSTER SLOTS. A node without an address of its own is on the host that was asked."""
        owners: dict[int, Node] = {}
        for part in reply if isinstance(reply, list) else []:
            match part:
                case [int(first), int(last), [host, int(port), *_], *_]:
                    owners |= dict.fromkeys(range(first, last + 1), _node(host, port, by))
                case _:
                    return cls()
        return cls(owners)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(dict.fromkeys(self._owners.values()))

    def node_of(self, slot: int) -> Node | None:
        return self._owners.get(slot)

    def node_of_key(self, key: str) -> Node | None:
        return self.node_of(slot_of(key))

    def with_moved(self, slot: int, node: Node) -> Slots:
        return Slots(self._owners | {slot: node})


def _node(host: object, port: int, by: Node) -> Node:
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else ""
    return Node(name if name not in ("", "?") else by.host, port)

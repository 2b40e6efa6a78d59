"""Whether a server is believed to have the store: it is asked on each connection that nobody has asked on for a moment."""

from __future__ import annotations

from time import monotonic

from redis.exceptions import AskError, MovedError

from ..errors import StoreUnavailable
from .redis_address import Node
from .redis_identity import Identity
from .redis_steps import Link, Say, Steps, Take
from .redis_topology import Topology

MOST_TURNS = 4
INFO = ("INFO", "replication")
INFO_OF_MEMORY = ("INFO", "memory")


class Belief:
    """What servers say of themselves. ``store_id``: which store is believed."""

    def __init__(self, topology: Topology, identity: Identity, store_id: str) -> None:
        self._topology = topology
        self._identity = identity
        self._store_id = store_id

    def believed(self, node: Node) -> Steps[Link]:
        """The connection to the server, once it is believed."""
        link: Link = yield Take(node)
        if not self._identity.is_believed(link):
            link = yield from self.checked(link)
        return link

    def checked(self, link: Link) -> Steps[Link]:
        """Ask the server that is held which store it is and under which id it writes."""
        asked_at = monotonic()
        if self._topology.slots is None or not (yield from self._has_a_marker(link.node)):
            link = yield from self._vouched_for(link.node)
        link.writes_as = self._identity.writes_as((yield Say(INFO)))
        if link.checked_at is None:
            self._identity.keeps_all((yield Say(INFO_OF_MEMORY)))
        link.checked_at = asked_at
        return link

    def _has_a_marker(self, node: Node) -> Steps[bool]:
        """Whether the node has a marker, which says the right id."""
        slots = self._topology.slots
        for marker in self._identity.markers_at(slots, node) if slots is not None else ():
            try:
                value = yield Say(("GET", marker))
            except MovedError as error:
                self._topology.moved(error.slot_id, redirected(error, node))
            except AskError:
                continue  # its slot is on its way to another node
            else:
                self._identity.believe(value, self._store_id)
                return True
        return False

    def _vouched_for(self, node: Node) -> Steps[Link]:
        """The id itself says the right id. It lies on the one server; in a cluster perhaps on another node, which
        vouches for one that has no marker, as in the middle of resharding."""
        home = yield from self._topology.find(self._identity.key)
        for _ in range(MOST_TURNS):
            yield Take(home)
            try:
                value = yield Say(("GET", self._identity.key))
            except MovedError as error:
                home = redirected(error, home)
                self._topology.moved(error.slot_id, home)
                continue
            self._identity.believe(value, self._store_id)
            link: Link = yield Take(node)
            return link
        raise StoreUnavailable("the cluster did not find the store's id")


def redirected(error: AskError, by: Node) -> Node:
    """Where a redirection leads; no host is that of the node that says so."""
    return Node(error.host or by.host, error.port)

"""A Redis Cluster of three primaries, with replicas where a test wants them, and slots that move from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache

from redis.crc import key_slot

from .redis_servers import (
    ADDRESS,
    QUICK_TO_FOLLOW,
    Server,
    follows,
    free_port,
    redis_program,
    until_the_end,
    wait_until,
)

SLOTS = 16384
THIRDS = tuple([(number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1)] for number in range(3))
PATIENT_MILLISECONDS = "15000"
"""A node that says nothing for so long is taken for dead: long enough for a busy machine."""


class Cluster:
    """``primaries`` in the order of their slots; ``replicas[i]`` follows ``primaries[i]``, if there are any."""

    def __init__(
        self,
        *,
        with_replicas: bool = False,
        node_timeout: str = PATIENT_MILLISECONDS,
        shares: Sequence[Sequence[tuple[int, int]]] = THIRDS,
    ) -> None:
        with ExitStack() as started:
            nodes = [_node(started, node_timeout) for _ in range(6 if with_replicas else 3)]
            self.primaries, self.replicas = nodes[:3], nodes[3:]
            for number, (primary, share) in enumerate(zip(self.primaries, shares, strict=True), 1):
                primary.say("CLUSTER", "SET-CONFIG-EPOCH", str(number))
                primary.say("CLUSTER", "ADDSLOTSRANGE", *(str(slot) for ends in share for slot in ends))
            for node in nodes[1:]:
                node.say("CLUSTER", "MEET", ADDRESS, str(nodes[0].port), node_bus(nodes[0]))
            for node in nodes:
                wait_until(lambda node=node: _knows(node, len(nodes)), "the nodes have met")  # type: ignore[misc]
            for primary, replica in zip(self.primaries, self.replicas, strict=False):
                replica.say("CLUSTER", "REPLICATE", self.id_of(primary))
            for node in nodes:
                wait_until(lambda node=node: _is_ok(node), "the cluster is there")  # type: ignore[misc]
            for replica in self.replicas:
                wait_until(lambda replica=replica: follows(replica), "the replica follows")  # type: ignore[misc]
            self._ending = started.pop_all()

    @property
    def nodes(self) -> list[Server]:
        return [*self.primaries, *self.replicas]

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'{ADDRESS}:{node.port}' for node in self.primaries)}"

    @staticmethod
    def id_of(node: Server) -> str:
        return node.say("CLUSTER", "MYID").split(b"\r\n")[1].decode()

    def primary_of(self, key: str) -> Server:
        """Where a key lies, if no slot has moved since the start."""
        return self.primaries[(slot_of(key) * 3 + 2) // SLOTS]

    # ---- a slot that moves, step by step (https://redis.io/docs/latest/commands/cluster-setslot/) ---------------------

    def begin_move(self, slot: int, source: Server, target: Server) -> None:
        """From now on the source says ASK for a key that it has not got."""
        _well(target.say("CLUSTER", "SETSLOT", str(slot), "IMPORTING", self.id_of(source)))
        _well(source.say("CLUSTER", "SETSLOT", str(slot), "MIGRATING", self.id_of(target)))

    def move_keys(self, slot: int, source: Server, target: Server, *, of: str = "", most: int = 1000) -> int:
        """Carry at most so many keys, of those with these letters in them; answers how many those were. A slot is that
        of what stands in braces, so it has the keys of all realms."""
        found = source.say("CLUSTER", "GETKEYSINSLOT", str(slot), "1000").split(b"\r\n")[2::2]
        keys = [key.decode() for key in found if of in key.decode()][:most]
        if keys:
            _well(source.say("MIGRATE", ADDRESS, str(target.port), "", "0", "5000", "KEYS", *keys))
        return len(keys)

    def end_move(self, slot: int, source: Server, target: Server) -> None:
        """From now on the source says MOVED. It is said again until all agree: what a node had heard before of an older
        owner may come late."""
        order = (target, source, *(other for other in self.primaries if other not in (target, source)))

        def is_agreed() -> bool:
            for node in order:
                _well(node.say("CLUSTER", "SETSLOT", str(slot), "NODE", self.id_of(target)))
            return all(self._owner_of(slot, node) == self.id_of(target) for node in order)

        wait_until(is_agreed, "all nodes knew the slot's new owner", 20)

    def _owner_of(self, slot: int, by: Server) -> str:
        """The id of the node that has the slot, as this node sees it; empty for none."""
        for line in by.say("CLUSTER", "NODES").decode().splitlines():
            words = line.split()
            for part in words[8:]:
                first, _, last = part.partition("-")
                if first.isdecimal() and int(first) <= slot <= int(last or first):
                    return words[0]
        return ""

    def move(self, slot: int, source: Server, target: Server) -> None:
        self.begin_move(slot, source, target)
        while self.move_keys(slot, source, target):
            pass
        self.end_move(slot, source, target)

    def wait_for_promotion(self, replica: Server) -> None:
        """Until the replica serves its primary's slots, and the others know."""

        def is_promoted() -> bool:
            others = [node for node in self.nodes if node.process.poll() is None]
            return replica.info("replication")["role"] == "master" and all(map(_is_ok, others))

        wait_until(is_promoted, "the replica was promoted", 60)

    def close(self) -> None:
        self._ending.close()


def _node(ending: ExitStack, node_timeout: str) -> Server:
    bus = str(free_port())
    options = ["--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", node_timeout]
    node = Server(redis_program(), *options, "--cluster-replica-validity-factor", "0", *QUICK_TO_FOLLOW)
    ending.callback(node.close)
    return node


def node_bus(node: Server) -> str:
    """The port on which the other nodes talk to it."""
    return node.command[node.command.index("--cluster-port") + 1]


def _knows(node: Server, count: int) -> bool:
    said = node.say("CLUSTER", "NODES")
    return said.count(b" connected") == count and b"handshake" not in said


def _is_ok(node: Server) -> bool:
    return b"cluster_state:ok" in node.say("CLUSTER", "INFO")


def _well(answer: bytes) -> None:
    if answer.startswith(b"-"):
        raise RuntimeError(answer.decode())


@contextmanager
def a_cluster_of_three(
    *,
    with_replicas: bool = False,
    node_timeout: str = "1000",
    shares: Sequence[Sequence[tuple[int, int]]] = THIRDS,
) -> Iterator[Cluster]:
    """A cluster of a test's own. One whose nodes are killed wants a short ``node_timeout`` (milliseconds)."""
    cluster = Cluster(with_replicas=with_replicas, node_timeout=node_timeout, shares=shares)
    try:
        yield cluster
    finally:
        cluster.close()


def slot_of(key: str) -> int:
    return int(key_slot(key.encode()))


@cache
def shared_cluster() -> Cluster:
    return until_the_end(Cluster())

"""From a conversation to the steps that hold it: which server, with which fence, and where a redirection leads.

A command that was redirected has not run, so it is sent again, to the node that was named; that is the only thing that
is. ``TRYAGAIN``, ``CLUSTERDOWN`` and a node that does not answer refuse the question.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import AskError, MovedError, NoScriptError, RedisError, ResponseError

from ..errors import StoreError, StoreUnavailable
from ..protocol import Layout
from .redis_address import Node
from .redis_belief import INFO, MOST_TURNS, Belief, redirected
from .redis_fence import Fences
from .redis_identity import Identity
from .redis_slots import Slots
from .redis_steps import FENCE, Behind, Conversation, Link, Say, SayAll, Steps, Take, Words
from .redis_topology import Topology


class Routes:
    """The way to the servers of a store. ``store_id``: which one is believed."""

    def __init__(self, topology: Topology, identity: Identity, fences: Fences, store_id: str) -> None:
        self._topology = topology
        self._identity = identity
        self._fences = fences
        self._belief = Belief(topology, identity, store_id)

    def hold(self, conversation: Conversation, now: int | None) -> Steps[Any]:
        """Hold a conversation with servers that are believed. ``now``: when the question is asked, if it says so."""
        try:
            return (yield from self._converse(conversation, now))
        except (RedisError, OSError, StoreError) as error:
            self.lost(error)
            raise

    def known(self, key: str) -> Node | None:
        """Where a key lies, if nobody has to be asked."""
        return self._topology.known(key)

    def meet(self, node: Node, now: int) -> Steps[bool]:
        """Ask the server which store it is, unless that is taken for granted; whether its fence is known as well."""
        try:
            link = yield from self._belief.believed(node)
        except StoreError as error:
            self.lost(error)
            raise
        return self._fences.step(link.writes_as, now) is not None

    def is_believed(self, link: Link) -> bool:
        """Whether something may be said there at once."""
        return self._identity.is_believed(link)

    def lost(self, error: BaseException) -> None:
        """A question failed on its way."""
        self._topology.lost()
        if isinstance(error, StoreError):
            self._identity.doubt()

    def check(self) -> Steps[None]:
        """Ask every server which store it is."""
        try:
            for node in (yield from self._topology.primaries()):
                yield from self._belief.checked((yield Take(node)))
        except (RedisError, OSError, StoreError) as error:
            self.lost(error)
            raise

    @property
    def slots(self) -> Slots | None:
        """The map of a Cluster, another object whenever it is another one."""
        return self._topology.slots

    def primaries(self) -> Steps[tuple[Node, ...]]:
        """All servers that hold keys."""
        try:
            return (yield from self._topology.primaries())
        except (RedisError, OSError, StoreError) as error:
            self.lost(error)
            raise

    def writes_as(self, info: object) -> bytes:
        """Under which id the server that says this writes; StoreUnavailable if it is no primary."""
        return self._identity.writes_as(info)

    def layout(self) -> Steps[Layout]:
        """How the store is laid out."""
        found: Layout = yield from self.hold(self._identity.layout(), None)
        return found

    def create(self) -> Steps[str]:
        """Make the store, on servers that say nothing of it yet, or find it."""
        nodes = yield from self._topology.primaries()
        has_slots = self._topology.slots is not None
        store_id, is_new = yield from self._converse(self._identity.create(has_slots=has_slots), None, believes=True)
        if is_new:
            for node in nodes:
                yield Take(node)
                server = self._identity.writes_as((yield Say(INFO)))
                yield from self._converse(self._fences.leave_open(server), None, believes=True)
        return str(store_id)

    # ---- one command ------------------------------------------------------------------------------------------------

    def _converse(self, conversation: Conversation, now: int | None, *, believes: bool = False) -> Steps[Any]:
        try:
            command = next(conversation)
            while True:
                try:
                    if isinstance(command, Behind):
                        reply = yield from self._behind(command)
                    elif isinstance(command, list):
                        reply = yield from self._all(command)
                    else:
                        reply = yield from self._one(command, now, believes)
                except ResponseError as error:
                    command = conversation.throw(error)
                else:
                    command = conversation.send(reply)
        except StopIteration as end:
            return end.value

    def _one(self, words: Words, now: int | None, believes: bool) -> Steps[Any]:
        node = yield from self._topology.find(_key(words))
        is_asking = False
        for _ in range(MOST_TURNS):
            link = (yield Take(node)) if believes else (yield from self._belief.believed(node))
            said = words if believes else (yield from self._fenced(link, words, now))
            try:
                if is_asking:
                    yield Say(("ASKING",))
                return (yield Say(said))
            except NoScriptError:
                raise
            except MovedError as error:
                node, is_asking = redirected(error, node), False
                self._topology.moved(error.slot_id, node)
            except AskError as error:
                node, is_asking = redirected(error, node), True
            except ResponseError:
                link.checked_at = None  # it may have become a replica, and another one in its place
                raise
        raise StoreUnavailable(f"the cluster sent a question from node to node {MOST_TURNS} times")

    def _behind(self, behind: Behind) -> Steps[list[Any]]:
        """In a cluster the slot may be on its way to the node that is held, which then answers to ASKING."""
        asking = (("ASKING",),) if self._topology.slots is not None else ()
        replies: list[Any] = yield SayAll((*asking, *behind.many), behind.longer)
        return replies[len(asking) :]

    def _all(self, commands: list[Words]) -> Steps[list[Any]]:
        """Commands that may go out together, each node's in one go. One that is redirected fails all."""
        by_node: dict[Node, list[int]] = {}
        for number, words in enumerate(commands):
            node = yield from self._topology.find(_key(words))
            by_node.setdefault(node, []).append(number)
        found: dict[int, Any] = {}
        for node, numbers in by_node.items():
            yield Take(node)
            replies = yield SayAll(tuple(commands[number] for number in numbers))
            found |= zip(numbers, replies, strict=True)
        for reply in found.values():
            if isinstance(reply, Exception):
                raise reply
        return [found[number] for number in range(len(commands))]

    def _fenced(self, link: Link, words: Words, now: int | None) -> Steps[Words]:
        """The command with the fence of the server that is held, which is set if nobody has met the server before."""
        is_wanted = FENCE in words
        if now is None:
            return words
        step = self._fences.step(link.writes_as, now)
        if step is None:
            node, server = link.node, link.writes_as
            try:
                yield from self._converse(self._fences.learn(server, now), None)
            except ResponseError:
                if is_wanted:
                    raise  # all else goes on, such as reading where there is no memory to write
            again = yield from self._belief.believed(node)
            step = self._fences.step(again.writes_as, now)
            if is_wanted and step is None and again.writes_as == server:
                raise StoreUnavailable("the clock of this server is more than an hour behind what others have accepted")
            if is_wanted and again.writes_as != server:
                raise StoreUnavailable(f"{node} became another one while it was asked")
        fence = f"{step} {link.writes_as.decode('ascii', 'replace')}"
        return tuple(fence if part is FENCE else part for part in words)


def _key(words: Words) -> str:
    """The key by which a command is sent: all its keys lie in one slot."""
    key: str = words[3] if words[0] in ("EVALSHA", "EVAL") else words[1]
    return key

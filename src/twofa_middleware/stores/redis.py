"""The store for many machines: Redis 6 to 8, or Valkey. One Lua script a question, on the keys of one user.

A question goes down through these rooms, and its reply up again:

    redis_talks, redis_index         what is said to answer it: of one user, or of the realm; and of all, one by one
    redis_scripts, redis_keys        the scripts in ``lua/``, and the keys that they work on
    redis_encoding, redis_answers    what goes into a script, what comes out, with the rows of redis_rows
    redis_look, redis_lanes          the same of a decision, which is asked for most: said as it is, on a connection that is
                                     believed; of an event loop many say it on one
    redis_acknowledge                whether a change that matters has to be on replicas or disks first
    redis_routes                     who is asked: what redis_topology finds (by redis_slots in a Cluster), if redis_belief
                                     has heard there what redis_identity wants to hear, with the fence of redis_fence
    redis_steps, redis_clients       what is said on which connection, and who says it: redis_threads or redis_loops,
                                     until redis_deadline, on connections of redis_pools
    redis_address, redis_tls         where the servers are, and how they show who they are
    redis_pushes                     what servers say by themselves, for a near cache
    redis_inspect                    what ``twofa doctor`` finds, with redis_set_up and redis_acl

redis-py is imported when the first store is made: it comes with ``twofa-middleware[redis]``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import asks
from ..errors import ConfigError, StoreUnavailable
from ..protocol import Ask, Changes, Finding, Layout, Result, StoreOptions
from .redis_acknowledge import MATTERS, acknowledged, is_wanted, nothing_to_wait_for
from .redis_address import SCHEMES, Address, address_of
from .redis_answers import ANSWERS, decode
from .redis_fence import Fences
from .redis_identity import Identity
from .redis_index import read_people, read_users, sweep
from .redis_keys import keys_of
from .redis_look import ask_of_a_decision, packed
from .redis_steps import Conversation, Read, Steps
from .redis_talks import acknowledge, ask_of_a_binding, ask_of_a_user, ask_of_the_realm, keys_asked, reseal
from .redis_topology import topology_of

if TYPE_CHECKING:
    from .redis_clients import Clients
    from .redis_routes import Routes

NO_OPTIONS = StoreOptions()


class RedisStore:
    """Answers every question of ``asks`` from the Redis that ``url`` names, for one realm.

    Raises StoreMismatch if it does not hold the store ``store_id``; StoreUnavailable if it does not answer in time, or
    cannot do what was asked. Nothing is ever asked twice: if a reply is lost, the question may have been answered or not.
    """

    schemes = SCHEMES

    def __init__(self, url: str, store_id: str, realm: str, options: StoreOptions = NO_OPTIONS) -> None:
        self._address = address_of(url, options)
        self._clients, self._routes = _ways(self._address, realm, store_id)
        self._unavailable = _Unavailable(self._address, self._routes)
        self._realm = realm
        self._options = options

    @classmethod
    def create(cls, url: str, realm: str, options: StoreOptions = NO_OPTIONS) -> str:
        """Make the store and return its id; one that is there is left as it is. Only ``twofa init`` does this."""
        address = address_of(url, options)
        clients, routes = _ways(address, realm, "")
        try:
            with _Unavailable(address, routes):
                store_id: str = clients.talk(routes.create, is_a_walk=True)
                return store_id
        finally:
            clients.close()

    def check(self) -> None:
        """Ask now which store it is, so that what the first question would raise is raised at once."""
        with self._unavailable:
            self._clients.talk(self._routes.check)

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        with self._unavailable:
            if isinstance(ask, asks.Look) and (read := self._read(ask)) is not None:
                reply = self._clients.read(read)
            else:
                begin, is_a_walk = self._asking(ask)
                reply = self._clients.talk(begin, is_a_walk=is_a_walk)
        answer: Result = decode(ask, reply)
        return answer

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        with self._unavailable:
            if isinstance(ask, asks.Look) and (read := self._read(ask)) is not None:
                reply = await self._clients.read_async(read)
            else:
                begin, is_a_walk = self._asking(ask)
                reply = await self._clients.talk_async(begin, is_a_walk=is_a_walk)
        answer: Result = decode(ask, reply)
        return answer

    def inspect(self) -> list[Finding]:
        """All that is not as it should be about the servers."""
        from .redis_inspect import inspect

        with self._unavailable:
            found: list[Finding] = self._clients.talk(
                lambda: inspect(self._address, self._realm, self._options), is_a_walk=True
            )
        return found

    def layout(self) -> Layout:
        """How the store is laid out. There is one layout so far, so nothing migrates it."""
        with self._unavailable:
            found: Layout = self._clients.talk(self._routes.layout)
        return found

    def changes(self) -> Changes:
        """What a near cache listens to."""
        from .redis_pushes import Pushes

        return Pushes(self._address, self._realm, self._clients, self._routes)

    def close(self) -> None:
        """Close the connections; later questions are refused."""
        self._clients.close()

    def _read(self, ask: asks.Look) -> Read | None:
        """How to read what a decision asks for, if it is known where that lies."""
        keys = keys_of(self._realm, ask.user)
        node = self._routes.known(keys[0])
        if node is None:
            return None
        routes = self._routes
        return Read(
            node,
            packed(keys, ask),
            routes.is_believed,
            lambda: routes.meet(node, ask.now),
            lambda: self._asking(ask)[0](),
        )

    def _asking(self, ask: Ask[Any]) -> tuple[Callable[[], Steps[Any]], bool]:
        """How to begin what the question needs, each part once, and whether that is a walk through the realm."""
        if type(ask) not in ANSWERS:
            raise TypeError(f"{type(ask).__name__} is no question that this store answers")
        talk = _TALKS.get(type(ask), ask_of_a_user)

        def begin() -> Steps[Any]:
            conversation = talk(self._realm, ask)
            if type(ask) in MATTERS and is_wanted(self._options):
                conversation = acknowledged(conversation, self._options, keys_asked(self._realm, ask))
            elif isinstance(ask, asks.Acknowledge):
                conversation = nothing_to_wait_for()
            return self._routes.hold(conversation, getattr(ask, "now", None))

        return begin, talk in _WALKS


_TALKS: Mapping[type[Ask[Any]], Callable[[str, Any], Conversation]] = {
    asks.ReadPeople: read_people,
    asks.ReadUsers: read_users,
    asks.Sweep: sweep,
    asks.Reseal: reseal,
    asks.Acknowledge: acknowledge,
    asks.Look: ask_of_a_decision,
    **dict.fromkeys((asks.BeginLogin, asks.Bind, asks.Unbind, asks.ReadBinding), ask_of_a_binding),
    **dict.fromkeys(
        (
            asks.ReadRoles,
            asks.WriteRole,
            asks.ReadEvents,
            asks.FollowEvents,
            asks.AddCounts,
            asks.ReadCounts,
            asks.TakeLease,
            asks.ReadMark,
            asks.MoveMark,
            asks.AddEvents,
        ),
        ask_of_the_realm,
    ),
}
"""How a question is asked that is not about one user alone."""

_WALKS = (read_people, read_users, sweep)


def _ways(address: Address, realm: str, store_id: str) -> tuple[Clients, Routes]:
    try:
        from .redis_clients import Clients
        from .redis_routes import Routes
    except ModuleNotFoundError as error:
        raise ConfigError('the Redis store needs redis-py: pip install "twofa-middleware[redis]"') from error
    routes = Routes(topology_of(address), Identity(address.where, realm), Fences(realm), store_id)
    return Clients(address), routes


class _Unavailable:
    """Whatever redis-py raises in here is the store not answering. What the server says of it names no secret of ours."""

    def __init__(self, address: Address, routes: Routes) -> None:
        from redis.exceptions import RedisError

        self._where = address.where
        self._lost = routes.lost
        self._errors = (RedisError, OSError, UnicodeError)

    def __enter__(self) -> None:
        """Nothing has to be done: it is entered with every question."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, self._errors):
            self._lost(error)
            raise StoreUnavailable(f"{self._where} did not answer: {str(error) or type(error).__name__}") from error

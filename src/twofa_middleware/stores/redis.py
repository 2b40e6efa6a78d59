"""The store for many machines: Redis 6 to 8, or Valkey. One Lua script a question, on the keys of one user.

The scripts stand in ``lua/``. ``redis_talks.py`` says what is asked for a question, ``redis_encoding.py`` what goes in,
``redis_answers.py`` what comes out; ``redis_clients.py`` carries it.
redis-py is imported when the first store is made: it comes with ``twofa-middleware[redis]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .. import asks
from ..errors import ConfigError, StoreUnavailable
from ..protocol import Ask, Result, StoreOptions
from .redis_address import Address, address_of
from .redis_answers import ANSWERS, decode
from .redis_identity import Identity
from .redis_index import read_people, sweep
from .redis_talks import Conversation, ask_of_a_user, ask_of_the_realm

if TYPE_CHECKING:
    from .redis_clients import Clients

NO_OPTIONS = StoreOptions()


class RedisStore:
    """Answers every question of ``asks`` from the Redis that ``url`` names, for one realm.

    Raises StoreMismatch if it does not hold the store ``store_id``; StoreUnavailable if it does not answer in time, or
    cannot do what was asked. Nothing is ever asked twice: if a reply is lost, the question may have been answered or not.
    """

    schemes = ("redis", "unix")

    def __init__(self, url: str, store_id: str, realm: str, options: StoreOptions = NO_OPTIONS) -> None:
        self._address = address_of(url)
        self._clients = _clients(self._address)
        self._identity = Identity(self._address.where, realm)
        self._store_id = store_id
        self._realm = realm

    @classmethod
    def create(cls, url: str, realm: str, options: StoreOptions = NO_OPTIONS) -> str:
        """Make the store and return its id; one that is there is left as it is. Only ``twofa init`` does this."""
        address = address_of(url)
        clients, identity = _clients(address), Identity(address.where, realm)
        try:
            with _unavailable(address):
                store_id: str = clients.talk(lambda _: identity.create())
                return store_id
        finally:
            clients.close()

    def check(self) -> None:
        """Ask now which store it is, so that what the first question would raise is raised at once."""
        with _unavailable(self._address):
            self._clients.talk(lambda _: self._identity.check(self._store_id))

    def answer(self, ask: Ask[Result]) -> Result:
        """Answer in this thread."""
        begin = self._asking(ask)
        with _unavailable(self._address):
            reply = self._clients.talk(begin)
        answer: Result = decode(ask, reply)
        return answer

    async def answer_async(self, ask: Ask[Result]) -> Result:
        """Answer on the running event loop."""
        begin = self._asking(ask)
        with _unavailable(self._address):
            reply = await self._clients.talk_async(begin)
        answer: Result = decode(ask, reply)
        return answer

    def close(self) -> None:
        """Close the connections; later questions are refused."""
        self._clients.close()

    def _asking(self, ask: Ask[Any]) -> Callable[[bool], Conversation]:
        """The conversation that a question is: who are you, unless that is known; then what the question needs, once."""
        if type(ask) not in ANSWERS:
            raise TypeError(f"{type(ask).__name__} is no question that this store answers")
        talk = _TALKS.get(type(ask), ask_of_a_user)

        def begin(is_known: bool) -> Conversation:
            if not is_known:
                yield from self._identity.check(self._store_id)
            return (yield from talk(self._realm, ask))

        return begin


_TALKS: Mapping[type[Ask[Any]], Callable[[str, Any], Conversation]] = {
    asks.ReadPeople: read_people,
    asks.Sweep: sweep,
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
        ),
        ask_of_the_realm,
    ),
}
"""How a question is asked that is not about one user."""


def _clients(address: Address) -> Clients:
    try:
        from .redis_clients import Clients
    except ModuleNotFoundError as error:
        raise ConfigError('the Redis store needs redis-py: pip install "twofa-middleware[redis]"') from error
    return Clients(address)


@contextmanager
def _unavailable(address: Address) -> Iterator[None]:
    """Whatever redis-py raises is the store not answering. What the server says of it names no secret of ours."""
    from redis.exceptions import RedisError

    try:
        yield
    except (RedisError, OSError, UnicodeError) as error:
        raise StoreUnavailable(f"{address.where} did not answer: {str(error) or type(error).__name__}") from error

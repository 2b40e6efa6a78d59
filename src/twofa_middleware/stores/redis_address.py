"""Where a Redis is, as ``store`` names it. ``docs/stores.md`` shows each kind.

    redis://[[user]:password@]host[:port][/db]                  one server; rediss:// over TLS
    unix://[[user]:password@]/path/to/socket[?db=0]             one server of this machine
    redis+sentinel://[[user]:password@]host[:port],…/service[/db][?sentinel_user=name]
    redis+cluster://[[user]:password@]host[:port],…

and ``rediss+sentinel``, ``rediss+cluster`` over TLS. A URL may hold a password, so no message repeats it; ``where`` is
what messages call the place.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from ..errors import ConfigError
from ..protocol import StoreOptions
from .redis_tls import context_of, refuse_papers

PORT = 6379
SENTINEL_PORT = 26379
SHAPES = {
    "redis": "redis://user:password@host:6379/0",
    "rediss": "rediss://user:password@host:6379/0",
    "unix": "unix://user:password@/path/to/socket?db=0",
    "redis+sentinel": "redis+sentinel://user:password@host1:26379,host2,host3/service/0?sentinel_user=name",
    "rediss+sentinel": "rediss+sentinel://user:password@host1:26379,host2,host3/service/0?sentinel_user=name",
    "redis+cluster": "redis+cluster://user:password@host1:6379,host2,host3",
    "rediss+cluster": "rediss+cluster://user:password@host1:6379,host2,host3",
}
SCHEMES = tuple(SHAPES)
PARTS = re.compile(r"[a-z+]+://(?:(?P<login>[^/?#]*)@)?(?P<hosts>[^/?#@]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?")
HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:,\s]+))(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Node:
    """A server: its host and port, or the path of its socket and port 0."""

    host: str
    port: int
    is_sentinel: bool = False

    def __str__(self) -> str:
        if not self.port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """``nodes``: the server; or those of the Sentinels or of the cluster that are asked first. ``service``: what the
    Sentinels call the servers. ``sentinel_login``: as whom Sentinels are asked; without one, as nobody."""

    where: str
    kind: Literal["server", "sentinel", "cluster"]
    nodes: tuple[Node, ...]
    db: int = 0
    service: str = ""
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    sentinel_login: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)

    def options(self, node: Node) -> dict[str, Any]:
        """What a connection of redis-py to a node is made with, in either colour, besides the class of it."""
        place: dict[str, Any] = {"host": node.host, "port": node.port} if node.port else {"path": node.host}
        if node.is_sentinel:
            return {**place, **self.sentinel_login}
        return {**place, "db": self.db, **self.login}


def address_of(url: str, options: StoreOptions | None = None) -> Address:
    """The address that a URL and the options name; ConfigError, without the URL, for anything else."""
    options = options or StoreOptions()
    scheme = url.partition(":")[0]
    if scheme not in SHAPES:
        raise ConfigError(f"the Redis store is named by {', '.join(f'{one}://…' for one in SCHEMES)}")
    found = PARTS.fullmatch(url)
    address = None if found is None else _READERS[scheme.replace("rediss", "redis")](found)
    if found is None or address is None:
        ports = (
            "" if scheme == "unix" else "; a port is a number from 1 to 65535"
        )  # none is shown: it may be a password
        raise ConfigError(
            f"this is no address of a Redis; write {SHAPES[scheme]}, with user, password and db or without{ports}"
        )
    if options.password and "password" in address["login"]:
        raise ConfigError("the password of the Redis stands in its URL and in `password`: take it out of the URL")
    login = address["login"] | ({"password": options.password} if options.password else {})
    sentinel_user = address.pop("sentinel_user", None)
    if scheme.startswith("rediss"):
        address["tls"] = context_of(options)
    else:
        refuse_papers(options, scheme)
    sentinel_login = {}
    if sentinel_user is not None:
        if "password" not in login:
            raise ConfigError("sentinel_user needs a password, the one of the servers: add `password`")
        sentinel_login = {"username": sentinel_user, "password": login["password"]}
    return Address(**(address | {"login": login, "sentinel_login": sentinel_login}))


def _server(parts: re.Match[str]) -> dict[str, Any] | None:
    nodes, db, login = _nodes(parts["hosts"], PORT), _number((parts["path"] or "")[1:] or "0"), _login(parts["login"])
    if len(nodes) != 1 or db is None or login is None or parts["query"] is not None:
        return None
    return {"where": f"Redis at {nodes[0]}/{db}", "kind": "server", "nodes": nodes, "db": db, "login": login}


def _socket(parts: re.Match[str]) -> dict[str, Any] | None:
    path, login = unquote(parts["path"] or ""), _login(parts["login"])
    db = 0 if parts["query"] is None else _number(parts["query"].removeprefix("db="))
    if parts["hosts"] or not path.strip("/") or "\0" in path or db is None or login is None:
        return None
    nodes = (Node(path, 0),)
    return {"where": f"Redis at {path} (db {db})", "kind": "server", "nodes": nodes, "db": db, "login": login}


def _sentinel(parts: re.Match[str]) -> dict[str, Any] | None:
    nodes, login = _nodes(parts["hosts"], SENTINEL_PORT, is_sentinel=True), _login(parts["login"])
    service, _, number = (parts["path"] or "")[1:].partition("/")
    db, service = _number(number or "0"), unquote(service)
    user = re.fullmatch(r"sentinel_user=([^&=]+)", parts["query"]) if parts["query"] is not None else None
    if not nodes or not service or db is None or login is None or (parts["query"] is not None and user is None):
        return None
    where = f'Redis "{service}" of the Sentinels at {", ".join(map(str, nodes))}'
    found = {"where": where, "kind": "sentinel", "nodes": nodes, "db": db, "service": service, "login": login}
    return found | ({"sentinel_user": unquote(user[1])} if user else {})


def _cluster(parts: re.Match[str]) -> dict[str, Any] | None:
    nodes, login = _nodes(parts["hosts"], PORT), _login(parts["login"])
    if not nodes or login is None or parts["path"] not in (None, "/") or parts["query"] is not None:
        return None
    return {
        "where": f"Redis Cluster at {', '.join(map(str, nodes))}",
        "kind": "cluster",
        "nodes": nodes,
        "login": login,
    }


_READERS = {"redis": _server, "unix": _socket, "redis+sentinel": _sentinel, "redis+cluster": _cluster}


def _nodes(hosts: str, port: int, *, is_sentinel: bool = False) -> tuple[Node, ...]:
    """The nodes of a list of hosts; none if one of them is no host."""
    nodes = []
    for text in hosts.split(","):
        found = HOST.fullmatch(text)
        number = port if found is None or found["port"] is None else int(found["port"])
        if found is None or not 0 < number < 65536:
            return ()
        nodes.append(Node(found["six"] or unquote(found["name"]).lower(), number, is_sentinel))
    return tuple(dict.fromkeys(nodes))


def _login(text: str | None) -> dict[str, str] | None:
    """User and password; None if the text is cut where it could be meant otherwise."""
    if text is None:
        return {}
    if "@" in text:
        return None
    user, _, password = text.partition(":")
    named = {"username": user, "password": password}
    return {name: unquote(value) for name, value in named.items() if value}


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None

"""A primary, replicas and three Sentinels that watch them: Redis that survives the loss of a machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache

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

SERVICE = "twofa"
DOWN_MILLISECONDS = 1000
"""After so long without an answer a primary is taken for dead."""


class Watcher(Server):
    """One Sentinel. It knows the others, and the servers by their ports, from its first moment, which saves the seconds
    in which they would meet."""

    def __init__(self, port: int, ids: dict[int, str], primary: int, replicas: Sequence[int], *lines: str) -> None:
        super().__init__(redis_program(), start=False)
        self.port = port
        known = [f"sentinel known-sentinel {SERVICE} {ADDRESS} {other} {ids[other]}" for other in ids if other != port]
        known += [f"sentinel known-replica {SERVICE} {ADDRESS} {replica}" for replica in replicas]
        configuration = self.folder / "sentinel.conf"
        configuration.write_text(
            "\n".join(
                [
                    f"port {port}",
                    f"bind {ADDRESS}",
                    f"dir {self.folder}",
                    f"sentinel myid {ids[port]}",
                    f"sentinel monitor {SERVICE} {ADDRESS} {primary} 2",
                    f"sentinel down-after-milliseconds {SERVICE} {DOWN_MILLISECONDS}",
                    f"sentinel failover-timeout {SERVICE} 5000",
                    *known,
                    *lines,
                ]
            )
            + "\n",
            encoding="ascii",
        )
        self.command = [redis_program(), str(configuration), "--sentinel"]
        self.start()


class Watched:
    """Servers and the Sentinels that watch them. ``options`` are the servers', ``lines`` stand in the Sentinels' files."""

    def __init__(self, replicas: int = 1, options: Sequence[str] = (), lines: Sequence[str] = ()) -> None:
        with ExitStack() as started:
            self.servers = [_started(started, Server(redis_program(), *QUICK_TO_FOLLOW, *options))]
            for _ in range(replicas):
                follow = ("--replicaof", f"{ADDRESS} {self.servers[0].port}", *QUICK_TO_FOLLOW, *options)
                self.servers.append(_started(started, Server(redis_program(), *follow)))
            for replica in self.replicas:
                wait_until(lambda replica=replica: follows(replica), "the replica follows")  # type: ignore[misc]
            ids = {free_port(): secrets.token_hex(20) for _ in range(3)}
            primary, *others = (server.port for server in self.servers)
            self.watchers = [_started(started, Watcher(port, ids, primary, others, *lines)) for port in ids]
            self._ending = started.pop_all()

    @property
    def primary(self) -> Server:
        """That of the beginning."""
        return self.servers[0]

    @property
    def replicas(self) -> list[Server]:
        """Those of the beginning."""
        return self.servers[1:]

    @property
    def url(self) -> str:
        return url_of(self.watchers)

    def named(self) -> set[int]:
        """The ports that the Sentinels call the primary's."""
        return {int(watcher.say("SENTINEL", "MASTER", SERVICE).split(b"\r\n")[12]) for watcher in self.watchers}

    def wait_for_another_primary(self) -> Server:
        """The server that all Sentinels name instead of that of the beginning, as soon as it is one."""
        others = {replica.port: replica for replica in self.replicas}

        def is_another() -> bool:
            (port,) = found if len(found := self.named()) == 1 else (0,)
            return port in others and others[port].info("replication")["role"] == "master"

        wait_until(is_another, "the Sentinels name another primary", 60)
        return others[self.named().pop()]

    def close(self) -> None:
        self._ending.close()


def url_of(watchers: Sequence[Watcher]) -> str:
    """The store that these Sentinels watch."""
    return f"redis+sentinel://{','.join(f'{ADDRESS}:{watcher.port}' for watcher in watchers)}/{SERVICE}"


@contextmanager
def a_watcher_of(primary: int, *lines: str) -> Iterator[Watcher]:
    """A Sentinel of a test's own, that knows the port of the primary and nobody else."""
    port = free_port()
    watcher = Watcher(port, {port: secrets.token_hex(20)}, primary, (), *lines)
    try:
        yield watcher
    finally:
        watcher.close()


def _started(ending: ExitStack, server: Server) -> Server:
    ending.callback(server.close)
    return server


@contextmanager
def a_sentinel(replicas: int = 1, options: Sequence[str] = (), lines: Sequence[str] = ()) -> Iterator[Watched]:
    """A primary, replicas and three Sentinels of a test's own."""
    watched = Watched(replicas, options, lines)
    try:
        yield watched
    finally:
        watched.close()


@cache
def shared_sentinel() -> Watched:
    return until_the_end(Watched())

"""Redis over TLS: only a server that shows who it is, and only with a certificate where it wants one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from support.redis_sentinels import SERVICE, Watcher, a_watcher_of
from support.redis_servers import QUICK_TO_FOLLOW, Server, a_server, follows, new_realm, shared_redis, wait_until
from support.stores import enrol, look
from support.tls_proxy import ADDRESS, Authority, TlsProxy, a_tls_proxy
from twofa_middleware.errors import ConfigError, StoreUnavailable
from twofa_middleware.protocol import StoreOptions
from twofa_middleware.stores.redis import RedisStore


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("strange"))


@pytest.fixture
def proxy(authority: Authority) -> Iterator[TlsProxy]:
    with a_tls_proxy(shared_redis().port, authority.papers(ADDRESS, "localhost")) as started:
        yield started


@pytest.fixture
def demanding(authority: Authority) -> Iterator[TlsProxy]:
    """One that wants to see a client's certificate."""
    with a_tls_proxy(shared_redis().port, authority.papers(ADDRESS), clients=authority) as started:
        yield started


def url_of(proxy: TlsProxy, host: str = ADDRESS) -> str:
    return f"rediss://{host}:{proxy.port}"


def with_papers(authority: Authority, client: Authority) -> StoreOptions:
    papers = client.papers("client")
    return StoreOptions(ca=authority.certificate, certificate=papers.certificate, certificate_key=papers.key)


def is_refused(url: str, options: StoreOptions, message: str) -> None:
    with closing(RedisStore(url, "some-id", "test", options)) as store:
        began = monotonic()
        for ask in (lambda: store.answer(look()), store.check, lambda: asyncio.run(store.answer_async(look()))):
            with pytest.raises(StoreUnavailable, match=message):
                ask()
        assert monotonic() - began < 3
        with pytest.raises(StoreUnavailable, match=message):
            RedisStore.create(url, "test", options)


@pytest.mark.parametrize("host", [ADDRESS, "localhost"])
def test_a_server_that_shows_who_it_is_is_asked(authority: Authority, proxy: TlsProxy, host: str) -> None:
    url, realm, options = url_of(proxy, host), new_realm(), StoreOptions(ca=authority.certificate)
    with closing(RedisStore(url, RedisStore.create(url, realm, options), realm, options)) as store:
        enrol(store)
        assert store.answer(look()) == asyncio.run(store.answer_async(look()))
    assert set(proxy.versions) <= {"TLSv1.2", "TLSv1.3"}


def test_a_server_whose_authority_is_not_believed_is_refused(stranger: Authority, proxy: TlsProxy) -> None:
    is_refused(url_of(proxy), StoreOptions(ca=stranger.certificate), "certificate verify failed")
    is_refused(url_of(proxy), StoreOptions(), "certificate verify failed")


def test_a_server_with_the_certificate_of_another_host_is_refused(authority: Authority) -> None:
    with a_tls_proxy(shared_redis().port, authority.papers("other.example")) as proxy:
        is_refused(
            url_of(proxy), StoreOptions(ca=authority.certificate), "IP address mismatch|doesn't match|not valid for"
        )
        is_refused(
            url_of(proxy, "localhost"), StoreOptions(ca=authority.certificate), "Hostname mismatch|not valid for"
        )


def test_a_client_without_the_certificate_that_is_wanted_is_refused(
    authority: Authority, stranger: Authority, demanding: TlsProxy
) -> None:
    is_refused(url_of(demanding), StoreOptions(ca=authority.certificate), "did not answer")
    is_refused(url_of(demanding), with_papers(authority, stranger), "did not answer")


def test_a_client_with_the_certificate_that_is_wanted_is_let_in(authority: Authority, demanding: TlsProxy) -> None:
    url, realm, options = url_of(demanding), new_realm(), with_papers(authority, authority)
    with closing(RedisStore(url, RedisStore.create(url, realm, options), realm, options)) as store:
        enrol(store)
        assert asyncio.run(store.answer_async(look())).account is not None


def test_an_old_version_of_tls_is_refused(authority: Authority) -> None:
    with a_tls_proxy(shared_redis().port, authority.papers(ADDRESS), newest=ssl.TLSVersion.TLSv1_1) as proxy:
        is_refused(url_of(proxy), StoreOptions(ca=authority.certificate), "did not answer")
        assert proxy.versions == []


def test_a_server_without_tls_is_not_asked_by_it(authority: Authority) -> None:
    is_refused(f"rediss://{ADDRESS}:{shared_redis().port}", StoreOptions(ca=authority.certificate), "did not answer")


def test_tls_is_not_spoken_where_the_url_does_not_say_so(proxy: TlsProxy) -> None:
    is_refused(f"redis://{ADDRESS}:{proxy.port}", StoreOptions(), "did not answer")


def is_answered(store: RedisStore) -> bool:
    try:
        store.check()
    except StoreUnavailable:
        return False
    return True


@contextmanager
def watched_by_tls(authority: Authority, host: str = ADDRESS) -> Iterator[tuple[Watcher, TlsProxy, TlsProxy, Server]]:
    """A Sentinel of a primary and a replica, behind proxies; the certificates of the servers name ``host``."""
    papers = authority.papers(host)
    with ExitStack() as started:
        primary = started.enter_context(a_server(*QUICK_TO_FOLLOW))
        first = started.enter_context(a_tls_proxy(primary.port, papers, serves_all=True))
        replica = started.enter_context(a_server(*QUICK_TO_FOLLOW))
        second = started.enter_context(a_tls_proxy(replica.port, papers, serves_all=True))
        replica.say("CONFIG", "SET", "replica-announce-ip", ADDRESS)
        replica.say("CONFIG", "SET", "replica-announce-port", str(second.port))
        replica.say("REPLICAOF", ADDRESS, str(primary.port))
        wait_until(lambda: follows(replica), "the replica follows")
        yield started.enter_context(a_watcher_of(first.port)), first, second, replica


def test_sentinels_and_the_servers_that_they_name_are_asked_by_tls(authority: Authority) -> None:
    options, realm = StoreOptions(ca=authority.certificate), new_realm()
    with (
        watched_by_tls(authority) as (watcher, first, second, replica),
        a_tls_proxy(watcher.port, authority.papers(ADDRESS)) as sentinel,
    ):
        url = f"rediss+sentinel://{ADDRESS}:{sentinel.port}/{SERVICE}"
        with closing(RedisStore(url, RedisStore.create(url, realm, options), realm, options)) as store:
            enrol(store)
            assert asyncio.run(store.answer_async(look())).account is not None
            assert [bool(proxy.versions) for proxy in (sentinel, first, second)] == [True, True, False]
            wait_until(
                lambda: watcher.say("SENTINEL", "FAILOVER", SERVICE) == b"+OK\r\n", "the Sentinel knows the replica"
            )
            wait_until(lambda: replica.info("replication")["role"] == "master", "it takes over", 60)
            wait_until(lambda: is_answered(store) and bool(second.versions), "it answers from there", 60)
            assert store.answer(look()).account is not None


def test_a_server_that_sentinels_name_and_whose_certificate_does_not_is_refused(authority: Authority) -> None:
    with (
        watched_by_tls(authority, "other.example") as (watcher, *_),
        a_tls_proxy(watcher.port, authority.papers(ADDRESS)) as sentinel,
    ):
        url = f"rediss+sentinel://{ADDRESS}:{sentinel.port}/{SERVICE}"
        is_refused(url, StoreOptions(ca=authority.certificate), "IP address mismatch|not valid for")
        assert sentinel.versions


@pytest.mark.parametrize("scheme", ["redis", "unix", "redis+sentinel", "redis+cluster"])
@pytest.mark.parametrize("name", ["ca", "certificate", "certificate_key"])
def test_papers_that_nobody_would_look_at_stop_the_start(scheme: str, name: str, authority: Authority) -> None:
    url = (
        "unix:///path"
        if scheme == "unix"
        else f"{scheme}://db/name".removesuffix("/name" * (scheme != "redis+sentinel"))
    )
    options = replace(StoreOptions(), **{name: authority.certificate})
    with pytest.raises(ConfigError, match=rf"\[store\] {name}: .* speaks no TLS; name the store by rediss"):
        RedisStore(url, "some-id", "test", options)


def test_papers_that_cannot_be_used_stop_the_start(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    papers, other = authority.papers("client"), stranger.papers("other")
    (empty := tmp_path / "empty").write_text("nothing")
    (open_key := tmp_path / "open").write_bytes(papers.key.read_bytes())
    open_key.chmod(0o644)
    missing = tmp_path / "missing"
    for options, message in (
        (StoreOptions(ca=missing), r"\[store\] ca: .*missing cannot be read"),
        (StoreOptions(ca=empty), r"\[store\] ca: .*empty holds no PEM certificate"),
        (StoreOptions(certificate=missing), r"\[store\] certificate: .*missing cannot be read"),
        (StoreOptions(certificate=papers.certificate, certificate_key=missing), r"certificate_key: .* cannot be read"),
        (StoreOptions(certificate_key=papers.key), r"there is no `certificate`"),
        (
            StoreOptions(certificate=papers.certificate, certificate_key=other.key),
            r"cannot be used \(KEY_VALUES_MISMATCH",
        ),
        (StoreOptions(certificate=papers.certificate, certificate_key=open_key), r"mode 644\); run `chmod 600"),
    ):
        with pytest.raises(ConfigError, match=message):
            RedisStore("rediss://db", "some-id", "test", options)

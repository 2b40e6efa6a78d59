"""From settings to a running gate: keys, store, resolvers and sinks, put together once at the start."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .accounts.audit import EVENTS
from .announcing import announce
from .courier import Courier
from .desk import Desk
from .errors import ConfigError
from .factors.codes import Codes
from .gate import Gate
from .hot_path import HotPath
from .inserts.rules import rules_of
from .live_ring import LiveRing
from .pages.render import load_templates
from .pages.themes import checked
from .plugins import options_of, plugin
from .protocol import Directory, Look, PluginContext, Sink, Store, StoreOptions
from .references import read_secret
from .runtime import Answers, Runtime
from .sealing import Sealer
from .settings import Acknowledge, Settings
from .settings.reading import did_you_mean
from .site import Site

LOGGER = logging.getLogger("twofa_middleware")


def build(settings: Settings, name: str, *, asynchronous: bool, clock: Callable[[], float] = time.time) -> Runtime:
    """The gate of the app ``name``; ConfigError says what stops the start."""
    try:
        return _built(settings, name, asynchronous, clock)
    except ConfigError as error:
        # Servers show all frames of what an app raises while it is imported; those in here say no more than the message.
        cause = error.__cause__
        raise error.with_traceback(None) from (None if isinstance(cause, OSError) else cause)


def _built(settings: Settings, name: str, asynchronous: bool, clock: Callable[[], float]) -> Runtime:
    settings.app(name)
    plugged = {app: _identity(settings, app) for app in settings.apps}
    _refuse_shared_cookies(settings, plugged)
    sealer = sealer_of(settings)
    context = PluginContext(
        settings.realm, name, settings.folder, asynchronous, clock, prefix=settings.prefix, seals=sealer
    )
    resolvers = [(one.use, _made(one, context, settings)) for one in plugged[name]]
    roles = _made(_plugged(settings, "roles", settings.roles, "roles"), context, settings)
    directory = _directory(settings, context)
    factor = factor_of(settings, context)
    look = look_of(settings, context)
    _refuse_roles_of_nobody(settings, roles)
    for number, account in enumerate(settings.service_accounts, 1):
        if name in account.apps and account.by not in {one.use for one in plugged[name]}:
            where = f"service_accounts {number}"
            raise ConfigError(
                f'{settings.source_of(where)}: {where}: by = "{account.by}" is no resolver of [apps.{name}]'
            )
    # Whether a log-in can be told from the next may depend on more than the options: on the app's session engine.
    shows_session = any(
        getattr(resolver, "shows_session", getattr(one.options, "session", None) is not None)
        for one, (_, resolver) in zip(plugged[name], resolvers, strict=True)
    )
    cookies = _cookies(plugged[name])
    site = Site.of(
        settings,
        name,
        sealer,
        roles,
        shows_session=shows_session,
        directory=directory,
        factor=factor,
        look=look,
        session_cookies=cookies,
        credential_cookies=frozenset[bytes]().union(
            *(getattr(one.options, "credential_cookies", ()) for one in plugged[name])
        ),
        login_rules=tuple(rule for one in plugged[name] for rule in getattr(one.options, "login_rules", ())),
        log_outs=tuple((use, one.log_out) for use, one in resolvers if hasattr(one, "log_out")),
    )
    if (guard := getattr(roles, "guard", None)) is not None:
        resolvers.append(("roles", guard))
    foreign = frozenset[bytes]().union(*(_cookies(ones) for app, ones in plugged.items() if app != name))
    inserts = rules_of(site.app, name, settings.source, asynchronous=asynchronous)
    gate = Gate(site, resolvers, foreign - cookies, inserts)
    if asynchronous:  # the first page would hold up the event loop for it; a thread of WSGI waits by itself
        load_templates(for_admins=site.app.admin)
    if site.app.admin and not settings.admin.roles:
        LOGGER.warning(
            "%s: [apps.%s] admin = true, but [admin] roles is empty: nobody is let in", settings.source, name
        )
    for line in settings.layers.replaced:
        LOGGER.warning("%s", line)
    announce(f"{name}: the gate is on; {_summary(settings, name, [use for use, _ in resolvers])}")
    from .stores.near_cache import NearCache
    from .stores.near_store import NearStore
    from .stores.newest import newest

    kept_by = open_store(settings, sealer)
    store: Store = newest(settings, kept_by, clock)
    hot = None
    if hasattr(kept_by, "changes") and site.mode == "enforce":
        near = NearCache(kept_by.changes())
        store = NearStore(store, near)
        hot = HotPath(gate, near, inserts)
    answers = _answers(settings, sealer, context, store, settings.events.carry)
    if hot is not None:
        answers.courier.collect(hot.take_counts)
    return Runtime(gate, _through_outages(settings, answers), hot)


def _through_outages(settings: Settings, answers: Answers) -> Answers:
    """Answers that let passes go on for a moment without the store, if the settings want that."""
    if not settings.store.stale_seconds:
        return answers
    from .stores.stale import StaleStore

    return replace(answers, store=StaleStore(answers.store, settings.store.stale_seconds))


def open_desk(settings: Settings) -> tuple[Desk, Answers]:
    """Where the command line works: the same acts as at an app's administrators' pages, and what answers them.

    Its functions may be coroutine functions, so its flows are driven on an event loop.
    """
    context = PluginContext(settings.realm, "", settings.folder, asynchronous=True)
    sealer = sealer_of(settings)
    desk = Desk(settings, sealer, directory=_directory(settings, context))
    return desk, _answers(settings, sealer, context, open_store(settings, sealer), carries=False)


def _answers(settings: Settings, sealer: Sealer, context: PluginContext, store: Store, carries: bool) -> Answers:
    """What answers a gate's questions. Where nothing is carried, sinks that get events later are not even made."""
    plugged = []
    for number, table in enumerate(settings.events.sinks, 1):
        where = f"[events] sinks {number}"
        one = _plugged(settings, "events", table, where)
        for name in getattr(one.options, "names", ()):
            if name not in EVENTS:
                raise ConfigError(
                    f'{settings.source_of(where)}: {where}: no event is called "{name}"{did_you_mean(name, EVENTS)}'
                )
        if carries or one.kind.is_immediate:
            plugged.append(one)
    sinks: list[tuple[str, str, Sink]] = []
    for one in plugged:
        sink: Sink = _made(one, context, settings)
        mark = sealer.name("sink", f"{one.use} {sink.place}")
        if not sink.is_immediate and mark in {other for _, other, _ in sinks}:
            raise ConfigError(
                f"{settings.source_of(one.where)}: {one.where}: {one.use} takes events to this place already"
            )
        sinks.append((one.use, mark, sink))
    return Answers(store, Courier(store, sealer, context.app, context.clock, sinks, carries=carries))


def _directory(settings: Settings, context: PluginContext) -> Directory | None:
    if settings.directory is None:
        return None
    plugged = _plugged(settings, "directory", settings.directory, "directory")
    directory: Directory = _made(plugged, context, settings)
    return directory


def factor_of(settings: Settings, context: PluginContext) -> Codes:
    """The factor that the settings name, checked."""
    plugged = _plugged(settings, "factor", settings.factor, "factor")
    with _named(settings, "factor: ", place="factor"):
        return Codes.of(plugged.use, _made(plugged, context, settings))


def look_of(settings: Settings, context: PluginContext) -> Look:
    """What the theme that the settings name brings, checked."""
    plugged = _plugged(settings, "theme", settings.theme, "theme")
    theme = _made(plugged, context, settings)
    with _named(settings, "theme: ", place="theme"):
        return checked(plugged.use, theme.look())


def sealer_of(settings: Settings) -> Sealer:
    """What seals, under the keys that the settings name, and under new ones when they are there."""
    return Sealer(settings.realm, LiveRing.load(settings.keys, settings.folder, has_store=bool(settings.store_id)))


def open_store(settings: Settings, sealer: Sealer | None = None) -> Store:
    """The store that the settings name; it is connected to when it is first asked. ``sealer``: one that is there already."""
    if not settings.store_id:
        raise ConfigError(f"{settings.source}: store_id is missing; `twofa init` makes the store and prints its id")
    name = settings.store_id.rpartition(".")[0]
    if not hmac.compare_digest((sealer or sealer_of(settings)).store_id(name).encode(), settings.store_id.encode()):
        raise ConfigError(
            f"{settings.source}: store_id was written for other keys or another realm, under which the people in the "
            "store have other names: put back the keys and the realm that the store was made with"
        )
    kind, url, options = store_kind(settings)
    with _named(settings):
        store: Store = kind(url, name, settings.realm, options)
    return store


def store_kind(settings: Settings) -> tuple[type[Any], str, StoreOptions]:
    """The class of the store, its URL with a file path made absolute, and its options."""
    scheme, _, rest = settings.store.url.partition(":")
    with _named(settings, "store: "):
        kind = plugin("store", scheme)
    url = settings.store.url
    if scheme == "sqlite" and rest.startswith("///"):
        url = f"sqlite:///{settings.folder / rest[3:]}"
    return kind, url, _store_options(settings)


def _store_options(settings: Settings) -> StoreOptions:
    def file(name: str) -> Path | None:
        return settings.folder / name if name else None

    store, wanted = settings.store, settings.store.acknowledge or Acknowledge()
    with _named(settings):
        password = read_secret(store.password, settings.folder, "[store] password") if store.password else ""
    return StoreOptions(
        password,
        file(store.ca),
        file(store.certificate),
        file(store.certificate_key),
        wanted.replicas,
        wanted.fsync,
        wanted.milliseconds / 1000,
    )


@dataclass(frozen=True, slots=True)
class _Plugged:
    """A plugin as the settings name it, before it is made: only one's own app needs the secrets that making takes."""

    where: str
    use: str
    kind: type[Any]
    options: Any


def _plugged(settings: Settings, kind: str, table: dict[str, Any], where: str) -> _Plugged:
    return _Plugged(where, *options_of(kind, table, settings.source_of(where), where))


def _identity(settings: Settings, app: str) -> list[_Plugged]:
    """The resolvers of an app."""
    tables = settings.apps[app].identity
    return [_plugged(settings, "identity", one, f"[apps.{app}] identity {n}") for n, one in enumerate(tables, 1)]


def _made(plugged: _Plugged, context: PluginContext, settings: Settings) -> Any:
    with _named(settings, place=plugged.where):
        return plugged.kind(plugged.options, context)


@contextmanager
def _named(settings: Settings, said: str = "", *, place: str = "") -> Iterator[None]:
    """What is wrong in here is told with the name of the settings file in which the place stands."""
    try:
        yield
    except ConfigError as error:
        source = settings.source_of(place) if place else settings.source
        raise type(error)(f"{source}: {said}{error}") from error.__cause__


def _summary(settings: Settings, name: str, resolvers: list[str]) -> str:
    """What somebody who reads the log wants to see at every start, the doors without a factor by name."""
    app = settings.apps[name]
    open_doors = [f"user {a.user} by {a.by} until {a.until}" for a in settings.service_accounts if name in a.apps]
    said = [f"mode {settings.mode_of(name)}", f"store {settings.store.scheme}", f"identity by {', '.join(resolvers)}"]
    said += [f"exempt {', '.join(app.exempt)}"] * bool(app.exempt)
    return "; ".join([*said, *(f"no factor asked of {door}" for door in open_doors)])


def _refuse_roles_of_nobody(settings: Settings, roles: Any) -> None:
    """A pinned role that nobody can have would demand nothing of anybody, without a word."""
    known = getattr(roles, "all_roles", None)
    missing = sorted(set(settings.enforcement.pinned) - known) if known is not None else []
    if missing:
        raise ConfigError(
            f'{settings.source}: enforcement: pinned role "{missing[0]}" is nobody\'s: `roles` of {settings.roles["use"]} '
            f"lists {', '.join(sorted(known or ())) or 'no role at all'}"
        )


def _cookies(plugged: list[_Plugged]) -> frozenset[bytes]:
    return frozenset[bytes]().union(*(one.options.reads.cookies for one in plugged))


def _refuse_shared_cookies(settings: Settings, plugged: dict[str, list[_Plugged]]) -> None:
    """Cookies do not tell ports apart: two apps of one host may not name their sessions alike."""
    owners: dict[tuple[str, bytes], str] = {}
    for app, ones in plugged.items():
        hosts = {urlsplit(origin).hostname or "" for origin in settings.apps[app].origins}
        for place in ((host, cookie) for host in hosts for cookie in _cookies(ones)):
            other = owners.setdefault(place, app)
            if other != app:
                raise ConfigError(
                    f'{settings.source}: [apps.{other}] and [apps.{app}] both read the cookie "{place[1].decode()}" on '
                    f"{place[0]}; give one app's session cookie another name"
                )

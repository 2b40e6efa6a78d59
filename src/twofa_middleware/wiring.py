"""From settings to a running gate: keys, store, resolvers and sinks, put together once at the start."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .accounts.audit import EVENTS
from .announcing import announce
from .courier import Courier
from .desk import Desk
from .errors import ConfigError
from .gate import Gate
from .hot_path import HotPath
from .inserts.rules import rules_of
from .keys_and_store import open_store, sealer_of
from .pages.render import load_templates
from .plugging import (
    Plugged,
    cookies_of,
    directory_of,
    factor_of,
    identity_of,
    look_of,
    made,
    plugged,
    refuse_roles_of_nobody,
    refuse_shared_cookies,
    roles_of,
)
from .protocol import PluginContext, Sink, Store
from .runtime import Answers, Runtime
from .sealing import Sealer
from .settings import Settings
from .settings.reading import did_you_mean
from .site import Site
from .tracebacks import without_locals

LOGGER = logging.getLogger("twofa_middleware")


def build(settings: Settings, name: str, *, asynchronous: bool, clock: Callable[[], float] = time.time) -> Runtime:
    """The gate of the app ``name``; ConfigError says what stops the start."""
    try:
        return _built(settings, name, asynchronous, clock)
    except ConfigError as error:
        # Servers show all frames of what an app raises while it is imported; those in here say no more than the message.
        cause = without_locals(error).__cause__
        raise error.with_traceback(None) from (None if isinstance(cause, OSError) else cause)


def open_desk(settings: Settings) -> tuple[Desk, Answers]:
    """Where the command line works: the same acts as at an app's administrators' pages, and what answers them.

    Its functions may be coroutine functions, so its flows are driven on an event loop.
    """
    context = PluginContext(settings.realm, "", settings.folder, asynchronous=True)
    sealer = sealer_of(settings)
    desk = Desk(settings, sealer, directory=directory_of(settings, context))
    return desk, _answers(settings, sealer, context, open_store(settings, sealer), carries=False)


def _built(settings: Settings, name: str, asynchronous: bool, clock: Callable[[], float]) -> Runtime:
    settings.app(name)
    identity = {app: identity_of(settings, app) for app in settings.apps}
    refuse_shared_cookies(settings, identity)
    sealer = sealer_of(settings)
    context = PluginContext(
        settings.realm, name, settings.folder, asynchronous, clock, prefix=settings.prefix, seals=sealer
    )
    gate = _gate(settings, sealer, context, identity)
    if asynchronous:  # the first page would hold up the event loop for it; a thread of WSGI waits by itself
        load_templates(for_admins=gate.site.app.admin)
    _tell_of_start(settings, gate)
    return _running(settings, sealer, context, gate)


def _gate(settings: Settings, sealer: Sealer, context: PluginContext, identity: dict[str, list[Plugged]]) -> Gate:
    """The gate of the context's app, which decides and answers nothing yet. ``identity``: that of every app."""
    name, own = context.app, identity[context.app]
    resolvers = [(one, made(one, context, settings)) for one in own]
    roles = roles_of(settings, context)
    site = _site(settings, sealer, context, resolvers, roles)
    asked = [(one.use, resolver) for one, resolver in resolvers]
    if (guard := getattr(roles, "guard", None)) is not None:
        asked.append(("roles", guard))
    foreign = frozenset[bytes]().union(*(cookies_of(ones) for app, ones in identity.items() if app != name))
    inserts = rules_of(site.app, name, settings.source, asynchronous=context.asynchronous)
    return Gate(site, asked, foreign - cookies_of(own), inserts)


def _site(
    settings: Settings,
    sealer: Sealer,
    context: PluginContext,
    resolvers: list[tuple[Plugged, Any]],
    roles: Any,
) -> Site:
    """The context's app with its plugins. A resolver need not have what is asked for by ``getattr``."""
    name = context.app
    directory = directory_of(settings, context)
    factor = factor_of(settings, context)
    look = look_of(settings, context)
    refuse_roles_of_nobody(settings, roles)
    options = [one.options for one, _ in resolvers]
    _refuse_unknown_doors(settings, name, {one.use for one, _ in resolvers})
    return Site.of(
        settings,
        name,
        sealer,
        roles,
        # Whether a log-in can be told from the next may depend on more than the options: on the app's session engine.
        shows_session=any(
            getattr(resolver, "shows_session", getattr(one.options, "session", None) is not None)
            for one, resolver in resolvers
        ),
        directory=directory,
        factor=factor,
        look=look,
        session_cookies=cookies_of([one for one, _ in resolvers]),
        credential_cookies=frozenset[bytes]().union(*(getattr(one, "credential_cookies", ()) for one in options)),
        login_rules=tuple(rule for one in options for rule in getattr(one, "login_rules", ())),
        log_outs=tuple((one.use, resolver.log_out) for one, resolver in resolvers if hasattr(resolver, "log_out")),
    )


def _refuse_unknown_doors(settings: Settings, name: str, uses: set[str]) -> None:
    """A service account passes by one resolver of the app; by one that is not there, nobody would pass."""
    for number, account in enumerate(settings.service_accounts, 1):
        if name in account.apps and account.by not in uses:
            where = f"service_accounts {number}"
            raise ConfigError(
                f'{settings.source_of(where)}: {where}: by = "{account.by}" is no resolver of [apps.{name}]'
            )


def _tell_of_start(settings: Settings, gate: Gate) -> None:
    """What somebody who reads the log wants to see at every start, the doors without a factor by name."""
    name, app = gate.site.name, gate.site.app
    if app.admin and not settings.admin.roles:
        LOGGER.warning(
            "%s: [apps.%s] admin = true, but [admin] roles is empty: nobody is let in", settings.source, name
        )
    for line in settings.layers.replaced:
        LOGGER.warning("%s", line)
    open_doors = [f"user {a.user} by {a.by} until {a.until}" for a in settings.service_accounts if name in a.apps]
    uses = ", ".join(use for use, _ in gate.resolvers)
    said = [f"mode {settings.mode_of(name)}", f"store {settings.store.scheme}", f"identity by {uses}"]
    said += [f"exempt {', '.join(app.exempt)}"] * bool(app.exempt)
    summary = "; ".join([*said, *(f"no factor asked of {door}" for door in open_doors)])
    announce(f"{name}: the gate is on; {summary}")


def _running(settings: Settings, sealer: Sealer, context: PluginContext, gate: Gate) -> Runtime:
    """The gate with its store and its courier, and with what it remembers in front of the store."""
    from .stores.near_cache import NearCache
    from .stores.near_store import NearStore
    from .stores.newest import newest

    kept_by = open_store(settings, sealer)
    store: Store = newest(settings, kept_by, context.clock)
    hot = None
    if hasattr(kept_by, "changes") and gate.site.mode == "enforce":
        near = NearCache(kept_by.changes())
        store = NearStore(store, near)
        hot = HotPath(gate, near)
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


def _answers(settings: Settings, sealer: Sealer, context: PluginContext, store: Store, carries: bool) -> Answers:
    """What answers a gate's questions. Where nothing is carried, sinks that get events later are not even made."""
    wanted = []
    for number, table in enumerate(settings.events.sinks, 1):
        where = f"[events] sinks {number}"
        one = plugged(settings, "events", table, where)
        for name in getattr(one.options, "names", ()):
            if name not in EVENTS:
                raise ConfigError(
                    f'{settings.source_of(where)}: {where}: no event is called "{name}"{did_you_mean(name, EVENTS)}'
                )
        if carries or one.kind.is_immediate:
            wanted.append(one)
    sinks: list[tuple[str, str, Sink]] = []
    for one in wanted:
        sink: Sink = made(one, context, settings)
        mark = sealer.name("sink", f"{one.use} {sink.place}")
        if not sink.is_immediate and mark in {other for _, other, _ in sinks}:
            raise ConfigError(
                f"{settings.source_of(one.where)}: {one.where}: {one.use} takes events to this place already"
            )
        sinks.append((one.use, mark, sink))
    return Answers(store, Courier(store, sealer, context.app, context.clock, sinks, carries=carries))

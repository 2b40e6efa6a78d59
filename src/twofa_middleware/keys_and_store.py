"""The realm's keys and its store, as the settings name them; the store under the keys that it was made with, or not at all."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

from .errors import ConfigError, PluginError
from .live_ring import LiveRing
from .plugging import named
from .plugins import plugin
from .protocol import Store, StoreOptions
from .references import read_secret
from .sealing import Sealer
from .settings import Settings


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
    with named(settings):
        store: Store = kind(url, name, settings.realm, options)
    return store


def store_kind(settings: Settings) -> tuple[type[Any], str, StoreOptions]:
    """The class of the store, its URL with a file path made absolute, and its options."""
    url = settings.store.url
    with named(settings, "store: "):
        if not settings.store.scheme:
            raise PluginError("this is no address of a store; write it as in sqlite:///var/twofa.db")
        kind = plugin("store", settings.store.scheme)
    if url.startswith("sqlite:///"):
        url = f"sqlite:///{settings.folder / url.removeprefix('sqlite:///')}"
    return kind, url, _store_options(settings)


def _store_options(settings: Settings) -> StoreOptions:
    def file(name: str) -> Path | None:
        return settings.folder / name if name else None

    store, wanted = settings.store, settings.acknowledge
    with named(settings):
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

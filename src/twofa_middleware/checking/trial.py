"""A realm for one check: the operator's settings in mode enforce, over a store and keys that are thrown away afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ..keyring import KeyRing
from ..keys_and_store import sealer_of, store_kind
from ..settings import Settings
from ..settings.model import Events
from ..settings.store import StoreSettings


@contextmanager
def trial_realm(settings: Settings) -> Iterator[Settings]:
    """Nothing that happens in it is seen in the real one: not who sets up a second factor, nor any event."""
    with tempfile.TemporaryDirectory(prefix="twofa-check-") as place:
        folder = Path(place)
        ring = folder / "keys.toml"
        ring.touch(mode=0o600)
        ring.write_text(KeyRing.new().dump(), encoding="utf-8")
        apps = {name: msgspec.structs.replace(app, mode=None) for name, app in settings.apps.items()}
        trial = msgspec.structs.replace(
            settings,
            apps=apps,
            mode="enforce",
            keys=f"file:{ring}",
            store=StoreSettings(url=f"sqlite:///{folder / 'check.db'}"),
            events=Events(sinks=()),
            admin=msgspec.structs.replace(settings.admin, first_setup="open"),  # there is nobody to make a code
        )
        kind, url, options = store_kind(trial)
        store_id = sealer_of(trial).store_id(kind.create(url, trial.realm, options))
        yield msgspec.structs.replace(trial, store_id=store_id)

"""The keys of the realm with their types and defaults; a default stands in this folder and nowhere else."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..errors import ConfigError
from .apps import AppSettings
from .checks import check
from .layers import Fragment, Layers, fragments_of, read
from .reading import did_you_mean, struct_of
from .store import Acknowledge, StoreSettings


class Enforcement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``pinned`` roles must have a second factor. ``starts``: at the next log-in, or at once for running sessions."""

    starts: Literal["next-login", "now"] = "next-login"
    pinned: tuple[str, ...] = ()


class Administration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may use the administrators' pages, which apps with ``admin = true`` have.

    ``roles``: whoever has one of them, and has shown a factor within ``fresh_minutes``.
    """

    roles: tuple[str, ...] = ()
    fresh_minutes: int = 60
    first_setup: Literal["open", "code"] | None = None
    """"open": whoever has the password of somebody without a second factor can set one up. "code": nobody can without a
    one-time code that an administrator has made for that person. Not set: as the profile says ("code" in strict, else
    "open")."""
    after_reset: Literal["open", "code"] | None = None
    """The same for the set-up that follows when an administrator has switched a second factor off; the act makes the code.
    Not set: "code" if ``first_setup`` is, else "open"."""


class Events(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where audit events go besides the store. ``sinks``: plugins, each with its options.

    ``carry``: this server takes part in carrying events to the realm's list and to sinks; at least one has to.
    """

    sinks: tuple[dict[str, Any], ...] = ({"use": "log"},)
    carry: bool = True


class ServiceAccount(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A login that passes without a factor, visibly: who, in which apps, by which resolver, why, and until which day."""

    user: str
    apps: tuple[str, ...]
    by: str
    reason: str
    until: datetime.date


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a realm. ``folder`` is where relative paths start: the folder of the file."""

    realm: str
    """The short name of the directory of users that the apps share; part of every name in the store."""
    name: str
    """What people see, in the phone's app and on the pages."""
    apps: dict[str, AppSettings]
    support: str = ""
    """Whom to ask for help, such as "Service desk, ext. 4711"."""
    mode: Literal["off", "report", "enforce"] = "enforce"
    """"report": decide, record what would have been refused, and let everybody by. "off": decide nothing."""
    profile: Literal["classic", "strict"] = "classic"
    """"strict": a pass ends after an hour without use, no browser is remembered, no code of the next step is accepted,
    nobody sets up without an administrator's code, and on Redis a replica has each change that matters. A setting may ask
    for more than that, and for less only in "classic"; see docs/security.md."""
    store: StoreSettings = StoreSettings()
    """A URL, or a table ``[store]``."""
    store_id: str = ""
    """The id that `twofa init` printed; a store with another one is refused."""
    keys: str = "file:var/keys.toml"
    """The key ring: ``file:path``, ``env:NAME``, or ``callable:module:function``, which returns its text or a dict. Servers
    take up a changed file within a second; see docs/keys.md."""
    roles: dict[str, Any] = msgspec.field(default_factory=lambda: {"use": "static"})
    """The resolver of roles: ``use`` and its options."""
    factor: dict[str, Any] = msgspec.field(default_factory=lambda: {"use": "totp"})
    """The factor: how the codes of an authenticator app are made; ``use`` and its options. Who was enrolled under another
    one is refused with 503."""
    theme: dict[str, Any] = msgspec.field(default_factory=lambda: {"use": "plain"})
    """How our own pages look: ``use`` and its options."""
    directory: dict[str, Any] | None = None
    """The plugin that lists people and roles for administrators: ``use`` and its options. Not set: those last seen."""
    enforcement: Enforcement = Enforcement()
    admin: Administration = Administration()
    events: Events = Events()
    service_accounts: tuple[ServiceAccount, ...] = ()
    prefix: str = "/2fa"
    """Where the own pages lie, below the app's mount."""
    pass_hours: int = 24
    idle_minutes: int | None = None
    """Minutes without use after which a pass ends; 0: never. Not set: as the profile says (60 in strict, else never)."""
    remember_days: int | None = None
    """Days for which a browser may be remembered; 0: not at all. Not set: as the profile says (0 in strict, else 90)."""
    next_step: bool | None = None
    """Whether a code of the next 30 seconds is accepted, for phones whose clock is ahead. Not set: as the profile says (not
    in strict)."""
    insecure_http: bool = False
    """Allow http:// origins other than this machine's own. Cookies then go over the wire in clear text."""
    folder: Path = Path()
    source: str = "settings"
    """All that the settings were read from; ``source_of`` tells where one value stands."""
    layers: Layers = msgspec.field(default_factory=Layers)

    def __repr__(self) -> str:
        """Without the store's address and the options of plugins, among which a secret may stand."""
        return f"Settings({self.source!r}, realm={self.realm!r}, apps={list(self.apps)!r})"

    @property
    def is_strict(self) -> bool:
        return self.profile == "strict"

    @property
    def idle_seconds(self) -> int:
        minutes = self.idle_minutes
        return (60 if self.is_strict else 0) * 60 if minutes is None else minutes * 60

    @property
    def remembered_days(self) -> int:
        days = self.remember_days
        return (0 if self.is_strict else 90) if days is None else days

    @property
    def window(self) -> tuple[int, int]:
        """How many TOTP steps before and after the present one are accepted."""
        takes_next = not self.is_strict if self.next_step is None else self.next_step
        return (1, int(takes_next))

    @property
    def first_setup_needs_code(self) -> bool:
        """Whether nobody sets anything up without a one-time code of an administrator."""
        wanted = self.admin.first_setup
        return self.is_strict if wanted is None else wanted == "code"

    @property
    def reset_makes_code(self) -> bool:
        """Whether an administrator who switches somebody off gets a one-time code for the next set-up."""
        wanted = self.admin.after_reset
        return self.first_setup_needs_code if wanted is None else wanted == "code"

    @property
    def acknowledge(self) -> Acknowledge:
        """What has to be true of a change that matters; nothing in a SQLite file, which has it on its disk anyway."""
        if self.store.acknowledge is not None:
            return self.store.acknowledge
        return Acknowledge(replicas=1) if self.is_strict and self.store.is_redis else Acknowledge()

    def source_of(self, place: str) -> str:
        """The file or variable in which a value stands, by a dotted key (``apps.shop.identity[0]``) or as errors call it
        (``[apps.shop] identity 1``). Where no single one does, all that the settings were read from."""
        return self.layers.source_of(place)

    def mode_of(self, name: str) -> Literal["off", "report", "enforce"]:
        """The mode of an app of the realm."""
        return self.apps[name].mode or self.mode

    def app(self, name: str) -> AppSettings:
        if name not in self.apps:
            raise ConfigError(f"{self.source}: there is no [apps.{name}]{did_you_mean(name, self.apps)}")
        return self.apps[name]

    @classmethod
    def load(cls, path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Settings:
        """Read a settings file, the fragments in ``twofa.d`` beside it, and the environment over them; ConfigError names
        the file, the key and the remedy."""
        file = Path(path)
        return cls.of_layers(file, fragments_of(file), os.environ if environ is None else environ)

    @classmethod
    def of_layers(cls, file: Path, fragments: list[Fragment], environ: Mapping[str, str]) -> Settings:
        """The same with fragments that need not lie in ``twofa.d`` yet."""
        document, layers = read(file, fragments, environ, default_of)
        return cls.of(document, source=layers.whole, folder=file.resolve().parent, layers=layers)

    @classmethod
    def of(
        cls,
        document: Mapping[str, Any],
        *,
        source: str = "settings",
        folder: Path | None = None,
        layers: Layers | None = None,
    ) -> Settings:
        """Settings out of a plain dict, checked like a file."""
        layers = layers or Layers(source)
        rest = dict(document)
        apps = rest.pop("apps", None)
        if isinstance(rest.get("store"), str):
            rest["store"] = {"url": rest["store"]}
        if not isinstance(apps, Mapping) or not apps:
            raise ConfigError(f"{layers.source_of('apps')}: at least one app is needed, as a table [apps.NAME]")
        for key in ("folder", "source", "layers"):
            if key in rest:
                raise ConfigError(f'{layers.source_of(key)}: unknown key "{key}"')
        settings = struct_of({**rest, "apps": {}}, cls, source, "", layers.source_of)
        made = {
            name: struct_of(app, AppSettings, source, f"apps.{name}", layers.source_of) for name, app in apps.items()
        }
        settings = msgspec.structs.replace(
            settings, apps=made, folder=folder or Path.cwd(), source=source, layers=layers
        )
        check(settings)
        return settings


def default_of(key: str) -> Any:
    """The default of a dotted key as a file would have it; None for a key that has none, or that there is not."""
    *sections, last = key.split(".")
    kind: Any = Settings
    if sections[:1] == ["apps"]:
        kind, sections = AppSettings, sections[2:]
    value: Any = None
    for part in (*sections, last):
        found = next((one for one in msgspec.structs.fields(kind) if one.name == part), None)
        if found is None or found.required:
            return None
        value = found.default if found.default is not msgspec.NODEFAULT else found.default_factory()
        if not isinstance(value, Struct):
            return msgspec.to_builtins(value) if part == last else None
        kind = type(value)
    return msgspec.to_builtins(value)

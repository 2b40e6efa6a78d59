"""One app of a realm, ready to be served: what start-up has prepared for the flows. Nothing here changes afterwards."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from .asks import Emit
from .browser.cookies import CookieNames
from .desk import Desk
from .errors import ConfigError
from .factors.codes import Codes
from .factors.totp import NoOptions, Totp, Window
from .http import Request
from .policy.login_rules import LoginRule
from .policy.paths import PathRule
from .protocol import Directory, Event, Flow, Login, Look, PluginContext, RolesResolver, UserKey
from .sealing import Sealer
from .settings import AppSettings, Settings

LogOut: TypeAlias = Callable[[Request], Flow[None]]

_USUAL = Codes("totp", Totp(NoOptions(), PluginContext("", "", Path(), asynchronous=False)))


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """``starts_now``: a role that is enforced is also demanded of sessions that run already."""

    settings: Settings
    name: str
    desk: Desk
    app: AppSettings
    sealer: Sealer
    roles: RolesResolver
    cookies: CookieNames
    window: Window
    factor: Codes
    look: Look
    exempt: tuple[PathRule, ...]
    strict: tuple[PathRule, ...]
    login_rules: tuple[LoginRule, ...]
    logout_rules: tuple[LoginRule, ...]
    anonymous_websockets: tuple[PathRule, ...]
    streams: tuple[PathRule, ...]
    starts_now: bool
    credential_cookies: frozenset[bytes]
    logout_cookies: tuple[str, ...]
    log_outs: tuple[tuple[str, LogOut], ...]

    @classmethod
    def of(
        cls,
        settings: Settings,
        name: str,
        sealer: Sealer,
        roles: RolesResolver,
        shows_session: bool,
        *,
        directory: Directory | None = None,
        factor: Codes | None = None,
        look: Look | None = None,
        session_cookies: frozenset[bytes] = frozenset(),
        credential_cookies: frozenset[bytes] = frozenset(),
        login_rules: tuple[str, ...] = (),
        log_outs: tuple[tuple[str, LogOut], ...] = (),
    ) -> Site:
        """``shows_session``: a resolver of the app tells one log-in from the next. ``session_cookies`` are those that
        resolvers read, ``credential_cookies`` those by which the app's framework may log people in besides. ``log_outs``
        end the app's own session on the server, each with the name of its resolver. ``login_rules`` are those of resolvers,
        besides the app's own."""
        app = settings.app(name)
        # Where neither a session nor rules show a next log-in, "next-login" would be never.
        sees_logins = shows_session or bool((app.login or login_rules) and app.logout)
        return cls(
            settings=settings,
            name=name,
            desk=Desk(settings, sealer, name, directory),
            app=app,
            sealer=sealer,
            roles=roles,
            cookies=CookieNames(settings.realm, name, secure=app.origins[0].startswith("https:")),
            window=Window(*settings.window),
            factor=factor or _USUAL,
            look=look or Look(),
            exempt=_rules(app.exempt, settings, f"[apps.{name}] exempt", for_reading=True),
            strict=_rules(app.strict, settings, f"[apps.{name}] strict"),
            login_rules=_login_rules((*app.login, *login_rules), settings, f"[apps.{name}] login"),
            logout_rules=_login_rules(app.logout, settings, f"[apps.{name}] logout"),
            anonymous_websockets=_rules(
                app.anonymous_websockets, settings, f"[apps.{name}] anonymous_websockets", for_reading=True
            ),
            streams=_rules(app.streams, settings, f"[apps.{name}] streams"),
            starts_now=settings.enforcement.starts == "now" or not sees_logins,
            credential_cookies=credential_cookies | {cookie.encode() for cookie in app.credential_cookies},
            logout_cookies=_texts(session_cookies | credential_cookies)
            if app.logout_cookies is None
            else app.logout_cookies,
            log_outs=log_outs,
        )

    @property
    def mode(self) -> Literal["off", "report", "enforce"]:
        return self.settings.mode_of(self.name)

    @property
    def label(self) -> str:
        return self.app.label or self.name.capitalize()

    def user_key(self, login: Login) -> UserKey:
        return self.sealer.user_key(login.user)

    def is_service_account(self, login: Login, by: str, now: int) -> bool:
        today = datetime.datetime.fromtimestamp(now, datetime.UTC).date()
        return any(
            account.user == login.user and account.by == by and self.name in account.apps and today <= account.until
            for account in self.settings.service_accounts
        )

    def warn(self, name: str, now: int, **facts: str | int) -> Emit:
        """Tell, once a day, of what looks like a mistake in the configuration."""
        return Emit(Event(name, now, self.name, facts=facts, severity="warning"), f"{self.name} {name} {facts}")

    def emit(self, name: str, login: Login | None, now: int, **facts: str | int) -> Emit:
        return Emit(self.desk.event(name, login, now, **facts))


def _texts(cookies: frozenset[bytes]) -> tuple[str, ...]:
    return tuple(sorted(cookie.decode() for cookie in cookies))


def _login_rules(texts: Iterable[str], settings: Settings, where: str) -> tuple[LoginRule, ...]:
    try:
        return tuple(LoginRule.parse(text) for text in texts)
    except ConfigError as error:
        raise ConfigError(f"{settings.source_of(where)}: {where}: {error}") from None


def _rules(texts: Iterable[str], settings: Settings, where: str, for_reading: bool = False) -> tuple[PathRule, ...]:
    rules = []
    for text in texts:
        try:
            rule = PathRule.parse(text)
        except ConfigError as error:
            raise ConfigError(f"{settings.source_of(where)}: {where}: {error}") from None
        if for_reading and (not rule.methods or rule.methods - {"GET", "HEAD"}):
            raise ConfigError(f'{settings.source_of(where)}: {where}: "{text}" may name GET and HEAD only')
        rules.append(rule)
    return tuple(rules)

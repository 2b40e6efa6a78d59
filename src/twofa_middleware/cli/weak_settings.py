"""What ``twofa doctor`` says of the settings by themselves: what weakens, on purpose or not, and who may change them."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..errors import ConfigError
from ..policy.login_rules import LoginRule
from ..proposing.words import NO_NAME
from ..protocol import Finding
from ..settings import Settings
from ..settings.layers import folder_of, fragments_of

FAR_DAYS = 366
_PASSWORD = re.compile(r"[a-z+]+://[^/?#]*:[^/?#]+@")


def weak_settings(settings: Settings, now: float) -> Iterator[Finding]:
    """``now``: seconds since 1970."""
    yield from _apps(settings)
    yield from _service_accounts(settings, now)
    if settings.name == NO_NAME:
        yield Finding(
            "name left as proposed",
            "note",
            f'name = "{NO_NAME}"',
            "people find this name in their authenticator apps, where it stays when it is changed here later",
            "write there what people call the site",
        )
    if settings.insecure_http:
        yield Finding(
            "insecure http",
            "warning",
            "insecure_http = true",
            "whoever sees the network takes over sessions that have passed",
            "serve the apps by https and take it out",
        )
    if settings.store.stale_seconds:
        yield Finding(
            "passes outlive the store",
            "warning",
            f"[store] stale_seconds = {settings.store.stale_seconds}",
            "whoever can make the store unreachable puts off by so long that a pass ends",
            "set it to 0 unless short outages happen and matter",
        )
    if not settings.first_setup_needs_code:
        yield Finding(
            "first set-up open to the password",
            "note",
            '[admin] first_setup = "open"',
            "who has the password of somebody without a second factor can set one up in their name",
            'set first_setup = "code", or the profile strict, where administrators can hand a code over',
        )
    if not settings.reset_makes_code:
        yield Finding(
            "reset lets the password in",
            "note",
            '[admin] after_reset = "open"',
            "after an administrator switches somebody off, who has the password sets up the next factor",
            'set after_reset = "code" where administrators can hand a code over',
        )
    if not settings.enforcement.pinned:
        yield Finding(
            "no role pinned",
            "note",
            "[enforcement] pinned is empty",
            "who may write flags decides alone of whom a second factor is demanded",
            'pin the roles that must always have one, such as pinned = ["Administrator"]',
        )
    if not settings.events.sinks:
        yield Finding(
            "events stay in the store",
            "note",
            "[events] sinks is empty",
            "who can write to the store can take away what tells of it, and nobody is told of anything at once",
            'name a sink, such as { use = "log" }',
        )
    if not settings.events.carry:
        yield Finding(
            "events not carried from here",
            "note",
            "[events] carry = false",
            "unless another server of the realm carries, lists of events stay empty and webhooks get nothing",
            "leave it out in the settings of one server at least",
        )
    admins = [name for name, app in settings.apps.items() if app.admin]
    if admins and not settings.admin.roles:
        yield Finding(
            "nobody administers",
            "warning",
            f"[apps.{admins[0]}] admin = true, and [admin] roles is empty",
            "nobody is let in to the administrators' pages",
            "name the roles that may, or take admin out",
        )


def _apps(settings: Settings) -> Iterator[Finding]:
    for name, app in settings.apps.items():
        mode = settings.mode_of(name)
        if mode != "enforce":
            yield Finding(
                "mode is not enforce",
                "problem",
                f"[apps.{name}] has mode {mode}",
                "everybody is let by, with a second factor or without",
                'set mode = "enforce" once you have seen what would be refused',
            )
        if app.login_answer == "pass":
            yield Finding(
                "log-in answer passes",
                "warning",
                f'[apps.{name}] login_answer = "pass"',
                "what the app answers to a log-in by script is seen before the second factor",
                'set it to "hold", or be sure that this answer holds no data and no token',
            )
        for key, texts in (("login", app.login), ("logout", app.logout)):
            for text in texts:
                yield from _methods(f"[apps.{name}] {key}", text)
        if app.exempt:
            yield Finding(
                "exempt paths",
                "note",
                f"[apps.{name}] exempt = {', '.join(app.exempt)}",
                "whatever the app shows there is shown to everybody",
                "keep to files that are public",
            )


def _methods(where: str, text: str) -> Iterator[Finding]:
    try:
        unknown = LoginRule.parse(text).path.unregistered
    except ConfigError:  # such an app does not start, and that is told
        return
    if unknown:
        yield Finding(
            "unknown method",
            "warning",
            f'{where}: "{text}" names {", ".join(unknown)}, which is no registered method of HTTP',
            "unless the app has a method of its own, the rule holds for no request",
            "write it as the app's requests have it, such as POST",
        )


def _service_accounts(settings: Settings, now: float) -> Iterator[Finding]:
    today = datetime.fromtimestamp(now, UTC).date()
    for number, account in enumerate(settings.service_accounts, 1):
        left = (account.until - today).days
        if left < 0:
            yield Finding(
                "service account expired",
                "warning",
                f'service_accounts {number}: user "{account.user}" until {account.until}',
                "it is treated as any other login, and cannot show a factor",
                "take it out, or set a new day",
            )
        elif left > FAR_DAYS:
            yield Finding(
                "service account for long",
                "warning",
                f'service_accounts {number}: user "{account.user}" until {account.until}',
                "a login without a second factor that nobody has to think of for more than a year",
                "set a day within a year, and look at it again then",
            )


def files(path: Path) -> Iterator[Finding]:
    """Who may change the settings file and its fragments, and read the password in them. Key files that others can read
    stop the start."""
    if os.name != "posix":
        return
    fragments = [Path(fragment.label) for fragment in fragments_of(path)]
    for file in (path, *fragments):
        yield from _file(file)
    folders = {path.resolve().parent: "another settings file in the place of this one"}
    if folder_of(path).is_dir():
        folders[folder_of(path)] = "a file there, which goes over the settings"
    for folder, what in folders.items():
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & 0o022 and not (mode & stat.S_ISVTX and folder == path.resolve().parent):
            yield Finding(
                "settings folder open to others",
                "problem",
                f"{folder} has mode {mode:03o}",
                f"others than its owner can put {what}",
                f"chmod go-w {folder}",
            )


def _file(path: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o022:
        yield Finding(
            "settings file open to others",
            "problem",
            f"{path} has mode {mode:03o}",
            "others than its owner can switch the second factor off",
            f"chmod go-w {path}",
        )
    if mode & 0o004 and _has_password(path):
        yield Finding(
            "password open to others",
            "problem",
            f"{path} has mode {mode:03o}, and the address of the store in it has a password",
            "who reads it can end passes, delete accounts and roll them back",
            f'change the password, and name it by [store] password = "file:…", or chmod 600 {path}',
        )


def _has_password(path: Path) -> bool:
    """Whether the address of the store, as it stands in the file, has one."""
    store = tomllib.loads(path.read_text("utf-8")).get("store", "")
    url = store.get("url", "") if isinstance(store, dict) else store
    return not url.startswith("sqlite:") and bool(_PASSWORD.match(url))

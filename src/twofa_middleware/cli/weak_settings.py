"""What ``twofa doctor`` says of the settings by themselves: what weakens, on purpose or not, and who may change them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ..protocol import Finding
from ..settings import Settings

FAR_DAYS = 366


def weak_settings(settings: Settings, now: float) -> Iterator[Finding]:
    """``now``: seconds since 1970."""
    yield from _apps(settings)
    yield from _service_accounts(settings, now)
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
    if settings.admin.after_reset == "open":
        yield Finding(
            "reset lets the password in",
            "note",
            '[admin] after_reset = "open"',
            "after an administrator switches somebody off, who has the password sets up the next factor",
            'set it to "code" where administrators can hand a code over',
        )
    if not settings.enforcement.pinned:
        yield Finding(
            "no role pinned",
            "note",
            "[enforcement] pinned is empty",
            "who may write flags decides alone of whom a second factor is demanded",
            "pin the roles that must always have one",
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
        if app.exempt:
            yield Finding(
                "exempt paths",
                "note",
                f"[apps.{name}] exempt = {', '.join(app.exempt)}",
                "whatever the app shows there is shown to everybody",
                "keep to files that are public",
            )


def _service_accounts(settings: Settings, now: float) -> Iterator[Finding]:
    today = datetime.fromtimestamp(now, UTC).date()
    for number, account in enumerate(settings.service_accounts, 1):
        left = (account.until - today).days
        if left < 0:
            yield Finding(
                "service account expired",
                "warning",
                f"service_accounts {number}: {account.user} until {account.until}",
                "it is treated as any other login, and cannot show a factor",
                "take it out, or set a new day",
            )
        elif left > FAR_DAYS:
            yield Finding(
                "service account for long",
                "warning",
                f"service_accounts {number}: {account.user} until {account.until}",
                "a login without a second factor that nobody has to think of for more than a year",
                "set a day within a year, and look at it again then",
            )


def files(path: Path) -> Iterator[Finding]:
    """Who may change the settings file. Key files that others can read stop the start."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o022:
        yield Finding(
            "settings file open to others",
            "problem",
            f"{path} has mode {mode:03o}",
            "others than its owner can switch the second factor off",
            f"chmod go-w {path}",
        )

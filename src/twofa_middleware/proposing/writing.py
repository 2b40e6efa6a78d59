"""The settings file of a proposal, and the lines of code that go with it."""

from __future__ import annotations

import json
import re
import textwrap

from ..target import Colour
from .words import HEAD, ORIGINS, UNCHOSEN, Found

_WIDTH = 116


def name_of(module: str) -> str:
    """What the app is called in the settings: as its package, in the letters that names have."""
    name = re.sub(r"[^a-z0-9_-]+", "-", module.partition(".")[0].lower()).strip("-_")[:32]
    return name or "app"


def settings_file(found: Found, name: str, target: str) -> str:
    """The text of the file. Whatever it cannot know is a comment, or the one line that a person has to choose."""
    identity = f"identity = {found.identity}" if found.identity else UNCHOSEN
    lines = [
        *_comments(
            [f"Proposed by `twofa propose {target}` for {found.framework}. Read each line before you rely on it."]
        ),
        HEAD.rstrip("\n"),
        'mode = "report"                       # decides and writes down, and lets everybody by; "enforce" when all is right',
        *found.realm,
        *(
            ["", "[admin]", 'roles = ["Administrator"]           # who may use the administrators\' pages']
            if found.admin
            else []
        ),
        "",
        f"[apps.{name}]",
        *_comments(found.notes),
        ORIGINS.rstrip("\n"),
        *(["admin = true"] if found.admin else []),
        *_comments(["Who is logged in?", *found.advice]),
        identity,
        *_rules("login", found.login, "the requests that log somebody in", "POST /login"),
        *_rules("logout", found.logout, "the requests that log out", "POST /logout"),
        f"login_page = {_toml(found.login_page)}",
        f"home = {_toml(found.home)}",
        *([f"cookie_path = {_toml(found.cookie_path)}"] if found.cookie_path != "/" else []),
        *(f"# exempt = [{_toml(rule)}]   # passes unseen: only if nothing private lies there" for rule in found.static),
    ]
    return "\n".join(lines) + "\n"


def code(found: Found, target: str, name: str, path: str, colour: Colour | None) -> str:
    """How the app is put behind the gate, with a line of code or with none."""
    module, _, attribute = (part.strip() for part in target.partition(":"))
    door, run = ("asgi", "uvicorn") if colour == "asgi" else ("wsgi", "gunicorn")
    first = re.split(r"\W", attribute, maxsplit=1)[0]  # of parts.app, or of create_app()
    return f"""\
With a line of code, in a file of its own, guarded.py, which is then served (guarded:application):
    from {module} import {first}
    from twofa_middleware.{door} import TwoFactorMiddleware

    application = TwoFactorMiddleware({attribute}, "{path}", name="{name}")
Or with none:
    TWOFA_TARGET='{target}' TWOFA_SETTINGS='{path}' {run} twofa_middleware.{door}:application"""


def _rules(key: str, rules: list[str], what: str, example: str) -> list[str]:
    if rules:
        return [f"{key} = [{', '.join(_toml(rule) for rule in rules)}]"]
    return [f"# {key} = [{_toml(example)}]   # {what}"]


def _comments(sentences: list[str]) -> list[str]:
    lines = []
    for sentence in sentences:
        whole = sentence.startswith("identity = ")
        plain = "".join(char if char.isprintable() else "?" for char in sentence)
        lines += [f"# {line}" for line in ([plain] if whole else textwrap.wrap(plain, _WIDTH))]
    return lines


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

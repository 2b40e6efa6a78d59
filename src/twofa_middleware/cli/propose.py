"""``twofa propose shop:app``: a first settings file that fits an app, by looking at the app itself."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import ConfigError
from ..proposing.django import settings_module, target_of
from ..proposing.looking import look
from ..proposing.writing import code, name_of, settings_file
from ..target import colour_of, load_target
from .output import say


@click.command(
    epilog="Exit codes: 0 it is written; 2 wrong usage, an app that cannot be imported, or the file is there."
)
@click.argument("target", metavar="[MODULE:APP]", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default=Path("twofa.toml"),
    show_default=True,
    help="Where to write; - prints it. A file that is there is never overwritten.",
)
@click.option("--name", help="What the app is called in the settings; else as its package.")
def propose(target: str | None, out: Path, name: str | None) -> int:
    """Look at an app and write settings that fit it, in mode report: twofa propose shop:app.

    The app is imported, so its code runs. In a Django project the app need not be named.
    """
    prints = str(out) == "-"
    if not prints and out.exists():
        raise ConfigError(f"{out}: there is such a file already, and it stays as it is; --out names another, - prints")
    if not prints and not out.parent.exists():
        raise ConfigError(f"{out}: there is no folder {out.parent}; make it, or name another place with --out")
    target = target or _of_project()
    module = target.partition(":")[0].strip()
    try:
        app = load_target(target, "propose")
        colour = colour_of(app, target)
    except SystemExit as error:
        raise ConfigError(
            f"propose: {module} ended the program when it was imported (exit code {error.code})"
        ) from None
    found = look(app, module, colour)
    called = name_of(name or module)
    text = settings_file(found, called, target)
    if prints:
        say(text.rstrip("\n"))
        return 0
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
    say(f"{out}: written for {found.framework}, in mode report.")
    if found.identity is None:
        say(
            'Who is logged in cannot be told by looking: put a resolver in place of use = "CHOOSE"; the file shows how.'
        )
    say("Read it, then: twofa init")
    say(code(found, target, called, str(out), colour))
    return 0


def _of_project() -> str:
    module = settings_module(Path.cwd())
    if module is None:
        raise click.UsageError("which app? twofa propose module:app, or module:create_app()")
    import sys

    sys.path.insert(0, str(Path.cwd()))
    return target_of(module)

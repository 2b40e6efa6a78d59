"""The ``twofa`` command. A command stands in its own module, which is loaded when that command is run.

So ``twofa --help`` waits for neither settings nor stores. How a run ends, and with which exit code, is said in ``main``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any

import click

from ..announcing import told_elsewhere
from ..errors import ConfigError, TwoFactorError
from ..file_access import whose
from .output import NotDone, say_error

COMMANDS = {
    "propose": ("propose", "Look at an app, and write settings that fit it."),
    "init": ("init", "Make what a realm needs: settings file, keys, store."),
    "keys": ("keys", "The keys that seal what lies in the store."),
    "wrap": ("wrap", "Serve an app behind the gate on this machine, for a quick look."),
    "status": ("status", "How the realm is: store, modes, enforced roles, counters."),
    "doctor": ("doctor", "Look what is not as it should be, and say what to do."),
    "check": ("check", "Walk an app as its users would; explain a setting."),
    "plugins": ("plugins", "List plugins, and enable or disable them."),
    "users": ("people", "List people, and what the store knows of them."),
    "roles": ("roles", "List roles: who has them, and whom they would stop."),
    "events": ("events", "List what was written down, newest first."),
    "disable": ("acts", "Switch somebody's two-factor authentication off."),
    "setup-code": ("acts", "Make the one-time code for somebody's set-up."),
    "unlock": ("acts", "Let somebody try codes again after too many wrong ones."),
    "forget": ("acts", "End somebody's passes and forget their browsers."),
    "export": ("export", "Write all that the realm has to a sealed file."),
    "import": ("import_", "Bring such a file in, or accounts of another system."),
    "restore": ("restore", "Bring such a file back after the store was lost."),
    "upgrade": ("upgrade", "Bring the store up to the layout of this version."),
    "enforce": ("enforcing", "Demand a second factor of those who have a role, or no longer."),
}
"""Each command with its module and a line for the list."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f".{COMMANDS[cmd_name][0]}", __package__), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_Commands)
@click.version_option(package_name="twofa-middleware")
def twofa() -> None:
    """Two-factor authentication in front of web apps that nobody changes.

    Exit codes: 0 it is done; 1 it could not be done, or nothing was found; 2 the command line is wrong, or the settings
    cannot be used. What went wrong is one line on standard error, and with --json an object {"error": …} on standard
    output as well.
    """


def main() -> None:
    """Run the command. Here alone it is decided which exit code a run ends with, and how an error is said."""
    code, said = 0, ""
    document: dict[str, Any] = {}
    try:
        with told_elsewhere():
            ended = twofa(prog_name="twofa", standalone_mode=False)
        code = ended if isinstance(ended, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        code, said = error.exit_code, error.format_message()
    except click.Abort:
        code, said = 1, "stopped before it had ended"
    except ConfigError as error:
        code, said = 2, str(error)
    except NotDone as error:
        code, said, document = 1, str(error), error.document
    except PermissionError as error:
        told = whose(Path(error.filename)) if isinstance(error.filename, str) else ""
        code, said = 1, "; ".join(filter(None, (str(error), told)))
    except (TwoFactorError, OSError) as error:
        code, said = 1, str(error)
    if said:
        # Looked for by hand: a line that click cannot read has an error too, and no options.
        say_error(said, document if "--json" in sys.argv else None)
    sys.exit(code)

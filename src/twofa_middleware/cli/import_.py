"""``twofa import``: a realm's file into another store, or accounts of another system."""

from __future__ import annotations

from pathlib import Path

import click

from ..moving.bringing import Plan
from .adopting import FORMATS, adopt_file, naming_of
from .asking import EXIT_CODES, actor, checked, operation
from .bringing import bring_file
from .passphrases import passphrase_file


@click.command("import", epilog=EXIT_CODES)
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--replace", "replaces", is_flag=True, help="Also where the store has another account or flag.")
@click.option(
    "--from",
    "kind",
    type=click.Choice(list(FORMATS)),
    help="FILE is from another system, and holds accounts in this format.",
)
@click.option(
    "--map",
    "table",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help='With --from: a table "name,user" with the user id of each name in FILE.',
)
@click.option(
    "--user", callback=checked(), help="With --from otpauth-migration: the one account in FILE is this user's."
)
@click.option("--issuer", callback=checked(), help="With --from otpauth-migration: only the accounts of this issuer.")
@click.option("--old-file", "takes_old", is_flag=True, help="Also a FILE that was made more than 15 minutes ago.")
@passphrase_file
@operation
def import_(
    path: Path,
    as_json: bool,
    source: Path,
    passphrase_at: Path | None,
    kind: str | None,
    table: Path | None,
    user: str | None,
    issuer: str | None,
    takes_old: bool,
    replaces: bool,
    is_dry: bool,
    yes: bool,
) -> None:
    """Bring FILE, made by `twofa export`, into the store that the settings name: everything goes on as it was.
    For a store that was lost, take `twofa restore`: what was ended since FILE was made would come to life again.

    With --from, turn two-factor authentication on for people who have it in another system. What was interrupted is run
    again: who is there already is left.
    """
    plan = Plan(actor(), replaces=replaces, is_dry=is_dry)
    if kind is None:
        if table is not None or user is not None or issuer is not None:
            raise click.UsageError("--map, --user and --issuer are for accounts of another system: give --from")
        bring_file(path, as_json, source, passphrase_at, yes, plan, takes_old=takes_old)
        return
    if takes_old:
        raise click.UsageError("--old-file is for a file of twofa export")
    if passphrase_at is not None:
        raise click.UsageError("a file of another system has no passphrase: leave --passphrase-file out")
    adopt_file(path, as_json, source, kind, naming_of(kind, table, user, issuer), yes, plan)

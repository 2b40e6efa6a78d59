"""``twofa upgrade``: bring the store's layout up to this program's, and say when the way back is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..accounts.administer import tell_of_upgrade
from ..keys_and_store import open_store
from ..protocol import Layout
from .asking import EXIT_CODES, actor, at_desk, confirm, need, operation
from .output import NotDone, plain, say, say_document


@click.command(epilog=EXIT_CODES)
@click.option("--commit", "commits", is_flag=True, help="Shut older versions out, once every server runs the new one.")
@click.option("--dry-run", "is_dry", is_flag=True, help="Change nothing; say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal.")
@operation
def upgrade(path: Path, as_json: bool, commits: bool, is_dry: bool, yes: bool) -> None:
    """Bring the store up to the layout of this version, with a backup beside it; servers go on meanwhile.

    Run it before the first server of the new version starts. Servers of the version before work on the store, and can be
    put back, until --commit.
    """
    with at_desk(path) as caller:
        store: Any = open_store(caller.settings)
        try:
            if not hasattr(store, "layout"):
                raise NotDone(f"the store of {caller.settings.store.scheme}: has no layouts to upgrade between")
            before: Layout = store.layout()
            layout, act, backup = before, _plan(before, commits), None
            if act and not is_dry:
                need(yes=yes, as_json=as_json)
                if not yes:
                    confirm(f"{act}: do it?")
                if commits:
                    store.commit()
                else:
                    backup = store.migrate()
                layout = store.layout()
                caller.ask(tell_of_upgrade(caller.desk, actor(), before, layout, caller.now))
        finally:
            getattr(store, "close", lambda: None)()
    if as_json:
        say_document(
            {
                "layout": layout.found,
                "needs": layout.needs,
                "known": layout.known,
                "changed": bool(act) and not is_dry,
                "backup": None if backup is None else str(backup),
            }
        )
        return
    if act and is_dry:
        say(f"Would be done: {act}")
    if backup is not None:
        say(f"{plain(str(backup))}: what was there before")
    say(_state(layout))


def _plan(layout: Layout, commits: bool) -> str:
    """What there is to do, empty for nothing."""
    if layout.needs > layout.known or (commits and layout.found > layout.known):
        raise NotDone(
            f"the store has the layout {layout.found} of a newer twofa-middleware (this one knows {layout.known}): "
            "run the newer one's `twofa upgrade`"
        )
    if not commits:
        return f"bring the store from layout {layout.found} to {layout.known}" * (layout.found < layout.known)
    if layout.found < layout.known:
        raise NotDone(f"the store has the layout {layout.found}: run `twofa upgrade` first, then start the new servers")
    return f"shut out versions that do not know layout {layout.found}" * (layout.needs < layout.found)


def _state(layout: Layout) -> str:
    said = f"The store has layout {layout.found}; this program knows {layout.known}. "
    if layout.found < layout.known:
        return said + "Servers of this version do not work on it before `twofa upgrade`."
    if layout.needs < layout.found:
        return (
            said + f"Versions that know layout {layout.needs} work on it, too, until `twofa upgrade --commit`: "
            "run that once every server has the new version."
        )
    return said + "Nothing is left to do."

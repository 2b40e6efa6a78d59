"""Records in the place of others that say the same, sealed under another key."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection

from ...asks import REALM, Done, Moved, Reseal, Swap
from ...protocol import UserKey

STATEMENTS: Mapping[str, str] = {
    "roster": "UPDATE accounts SET roster = :new WHERE user = :user AND roster = :old AND :name = x''",
    "authenticator": """
        UPDATE authenticators SET record = :new WHERE user = :user AND id = CAST(:name AS TEXT) AND record = :old
    """,
    "pass": "UPDATE passes SET record = :new WHERE user = :user AND digest = :name AND record = :old",
    "browser": "UPDATE browsers SET record = :new WHERE user = :user AND digest = :name AND record = :old",
    "person": "UPDATE people SET person = :new WHERE user = :user AND person = :old AND :name = x''",
    "roles": "UPDATE people SET roles = :new WHERE user = :user AND roles = :old AND :name = x''",
}
WRITE_FLAG = "UPDATE roles SET record = :new WHERE key = CAST(:name AS TEXT) AND record = :old"


def reseal(db: Connection, ask: Reseal) -> Done | Moved:
    """Each swap compares and writes at once; one that finds something else undoes those before it."""
    db.execute("SAVEPOINT reseal")
    if all(_swapped(db, ask.user, swap) for swap in ask.swaps):
        db.execute("RELEASE reseal")
        return Done()
    db.execute("ROLLBACK TO reseal")
    db.execute("RELEASE reseal")
    return Moved()


def _swapped(db: Connection, user: UserKey, swap: Swap) -> bool:
    """Flags are the realm's, and the realm has nothing else."""
    if (swap.kind == "flag") != (user == REALM):
        return False
    statement = WRITE_FLAG if swap.kind == "flag" else STATEMENTS[swap.kind]
    found = db.execute(statement, {"user": user, "name": swap.name, "old": swap.old, "new": swap.new})
    return found.rowcount == 1

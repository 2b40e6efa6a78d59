"""The forward migrations of a SQLite store: for each layout the statements that make it of the one before.

``schema.sql`` is the last layout, for new stores. A migration only adds: tables, indexes, columns with a default, so that
servers of the version before go on working on the file, and every INSERT names its columns. An index may be replaced.
It runs in one transaction, and what was there before is beside the file.
"""

from __future__ import annotations

from collections.abc import Mapping

MIGRATIONS: Mapping[int, str] = {
    # An event is looked for by its id whenever it is taken back or carried in; the log of a user was read through.
    2: """
CREATE INDEX log_of_user_by_id ON log (user, id);
DROP INDEX log_of_user;
""",
    # The resolver `watch` keeps whose a cookie is.
    3: """
CREATE TABLE bindings (
    key        TEXT PRIMARY KEY,
    record     BLOB,
    expires_at INTEGER NOT NULL,
    who        BLOB,
    under_way  INTEGER NOT NULL,
    mixed      INTEGER NOT NULL CHECK (mixed IN (0, 1)),
    until      INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bindings_by_end ON bindings (ends_at);
""",
    # A near cache has to see what changes a pass or an account, whoever changes it.
    4: """
CREATE TABLE revision (
    number INTEGER NOT NULL
) STRICT;

INSERT INTO revision (number) VALUES (0);

CREATE TRIGGER accounts_added AFTER INSERT ON accounts BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER accounts_changed AFTER UPDATE ON accounts BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER accounts_ended AFTER DELETE ON accounts BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER passes_added AFTER INSERT ON passes BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER passes_changed AFTER UPDATE OF record, proven, opened_at, expires_at ON passes BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER passes_ended AFTER DELETE ON passes BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER roles_added AFTER INSERT ON roles BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER roles_changed AFTER UPDATE ON roles BEGIN
    UPDATE revision SET number = number + 1;
END;

CREATE TRIGGER roles_ended AFTER DELETE ON roles BEGIN
    UPDATE revision SET number = number + 1;
END;
""",
}
"""The layout that each makes, with its statements; the first layout was 1."""

LAYOUT = max(MIGRATIONS)

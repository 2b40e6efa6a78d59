-- Layout 4. Made once, by `twofa init`; servers only check `meta`. An older file gets here by sql/migrations.py.
-- Every record is sealed or authenticated before it comes here. Times are seconds since 1970.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A user who never turned anything on has no row. `last_step` only grows, and outlives every change of the factors.
CREATE TABLE accounts (
    user       TEXT PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0),
    last_step  INTEGER NOT NULL,
    roster     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE authenticators (
    user   TEXT NOT NULL,
    id     TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;

-- The recovery codes that are left, as keyed hashes.
CREATE TABLE codes (
    user TEXT NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (user, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE passes (
    user       TEXT NOT NULL,
    digest     BLOB NOT NULL,
    record     BLOB NOT NULL,
    proven     INTEGER NOT NULL CHECK (proven IN (0, 1)),
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE browsers (
    user       TEXT NOT NULL,
    digest     BLOB NOT NULL,
    record     BLOB NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE setups (
    user       TEXT NOT NULL,
    digest     BLOB NOT NULL,
    record     BLOB NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user, digest)
) STRICT, WITHOUT ROWID;

-- One row a counted try, so that two in the same second stay two: 'totp' for 30 days, 'recovery' for an hour.
CREATE TABLE tries (
    id   INTEGER PRIMARY KEY,
    user TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('totp', 'recovery')),
    at   INTEGER NOT NULL
) STRICT;

CREATE INDEX tries_of_user ON tries (user, kind, at);

-- TOTP failures in a row, and the time before which no code is looked at; no row after a success.
CREATE TABLE waits (
    user       TEXT PRIMARY KEY,
    in_a_row   INTEGER NOT NULL,
    wait_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was noted of a user and not yet carried to `events`, in the order of `number`. '*' is the realm itself.
CREATE TABLE log (
    number   INTEGER PRIMARY KEY,
    user     TEXT NOT NULL,
    id       BLOB NOT NULL,
    at       INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    record   BLOB NOT NULL
) STRICT;

CREATE INDEX log_of_user_by_id ON log (user, id);
CREATE INDEX log_by_readiness ON log (ready_at, user);

-- The realm's list. A position is never given twice, also if the newest event was taken away.
CREATE TABLE minor_rows (
    user    TEXT PRIMARY KEY,
    hour    INTEGER NOT NULL,
    written INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    user     TEXT NOT NULL,
    id       BLOB NOT NULL,
    at       INTEGER NOT NULL,
    record   BLOB NOT NULL
) STRICT;

-- Who a user is. Roles can be seen before the person is.
CREATE TABLE people (
    user   TEXT PRIMARY KEY,
    person BLOB,
    roles  BLOB
) STRICT, WITHOUT ROWID;

-- When a user first met a rule.
CREATE TABLE met (
    user TEXT NOT NULL,
    rule TEXT NOT NULL,
    at   INTEGER NOT NULL,
    PRIMARY KEY (user, rule)
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
    key     TEXT PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    record  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Decisions of a day, in days since 1970.
CREATE TABLE counts (
    day   INTEGER NOT NULL,
    name  TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    task   TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
    sink     TEXT PRIMARY KEY,
    position TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose a cookie of the app's is, and the log-ins that are on their way with it: so many, for whom, and for how long that
-- counts. `mixed`: they are for different people. After `ends_at` the row says nothing.
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

-- Raised by whatever changes a pass, an account or a flag, so that a near cache can tell: see sqlite_changes.py.
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

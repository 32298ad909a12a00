-- The one row of counters. Revisions and wake tokens are taken inside the writing transaction.
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hub TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    wake_token INTEGER NOT NULL,
    compacted INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, lower(hex(randomblob(16))), 1, 0, 0, 0);

-- object: Kind/namespace/name. Times are microseconds since 1970 everywhere.
CREATE TABLE objects (
    object TEXT PRIMARY KEY NOT NULL,
    revision INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    spec TEXT NOT NULL,
    status TEXT NOT NULL,
    spec_digest BLOB NOT NULL,      -- facet spec: what is written, uid, deletion mark
    exports_digest BLOB NOT NULL,   -- facet exports
    written_digest BLOB NOT NULL,   -- spec, labels, annotations
    body_digest BLOB NOT NULL,      -- spec alone: moves the generation
    indexes TEXT NOT NULL,          -- JSON list of the entries it lies in
    request_id TEXT                 -- of the last write
) STRICT;

CREATE TABLE index_members (
    entry TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (entry, object)
) STRICT, WITHOUT ROWID;

-- When the members of an index, or a facet of one of them, last changed.
CREATE TABLE index_marks (
    entry TEXT PRIMARY KEY NOT NULL,
    spec_revision INTEGER NOT NULL,
    exports_revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is woken by what: the edges left by the last decision of each reader.
CREATE TABLE reads (
    target TEXT NOT NULL,
    reader TEXT NOT NULL,
    PRIMARY KEY (target, reader)
) STRICT, WITHOUT ROWID;
CREATE INDEX reads_by_reader ON reads (reader, target);

CREATE TABLE changes (
    revision INTEGER PRIMARY KEY NOT NULL,
    object TEXT NOT NULL,
    change TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    trace TEXT,
    metadata TEXT NOT NULL,
    spec TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_object ON changes (object, revision);
CREATE INDEX changes_by_time ON changes (at, revision);

CREATE TABLE wakes (
    object TEXT PRIMARY KEY NOT NULL,
    token INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL, -- 0: by nobody
    claimed_token INTEGER NOT NULL, -- the newest token that a claim has seen
    hops INTEGER NOT NULL,
    trace TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX wakes_by_due ON wakes (due_at);
CREATE INDEX wakes_by_claim ON wakes (claimed_until) WHERE claimed_until > 0;

CREATE TABLE bundles (
    digest BLOB PRIMARY KEY NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT;
CREATE INDEX bundles_by_time ON bundles (stored_at);

-- Either digest or tombstone is set.
CREATE TABLE heads (
    plane TEXT NOT NULL,
    unit TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    digest BLOB,
    tombstone TEXT,
    compiler_epoch INTEGER NOT NULL,
    trace TEXT,
    owner TEXT NOT NULL,
    PRIMARY KEY (plane, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX heads_by_revision ON heads (plane, incarnation, counter);
CREATE INDEX heads_by_unit ON heads (unit);
CREATE INDEX heads_by_digest ON heads (digest) WHERE digest IS NOT NULL;

-- hash: sum modulo 2^64 over the heads that name a bundle, kept as a signed number.
CREATE TABLE plane_heads (
    plane TEXT PRIMARY KEY NOT NULL,
    incarnation INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    live INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    unit TEXT NOT NULL,
    plane TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (unit, plane)
) STRICT;

CREATE TABLE links (
    plane TEXT PRIMARY KEY NOT NULL,
    public_key TEXT NOT NULL,
    cluster_uid TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX links_by_key ON links (public_key);

CREATE TABLE join_tokens (
    digest BLOB PRIMARY KEY NOT NULL,
    plane TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    used_by TEXT
) STRICT;

CREATE TABLE sessions (
    plane TEXT PRIMARY KEY NOT NULL,
    epoch INTEGER NOT NULL,
    agent_version TEXT NOT NULL,
    kubernetes_version TEXT NOT NULL,
    features TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    incarnation INTEGER NOT NULL,
    counter INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT,
    outcome TEXT NOT NULL,
    request_id TEXT,
    trace TEXT,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

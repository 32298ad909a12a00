-- What SQLite has and statements of both databases use.
CREATE FUNCTION json_each(list text) RETURNS TABLE (value text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT json_array_elements_text(list::json)';
CREATE FUNCTION min(a bigint, b bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT least(a, b)';
CREATE FUNCTION max(a bigint, b bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT greatest(a, b)';

CREATE FUNCTION json_of(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT array_to_json(texts)::text';
CREATE AGGREGATE json_group_array(text)
    (SFUNC = array_append, STYPE = text[], INITCOND = '{}', FINALFUNC = json_of);

-- The one row of counters. Revisions and wake tokens are taken under its lock. Room is left in its
-- page, and in those of other rows that change all the time, for their next version.
CREATE TABLE meta (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    hub TEXT NOT NULL,
    incarnation BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    wake_token BIGINT NOT NULL,
    compacted BIGINT NOT NULL
) WITH (fillfactor = 10);
INSERT INTO meta VALUES (1, replace(gen_random_uuid()::text, '-', ''), 1, 0, 0, 0);

-- The newest transaction of each process that writes: tells whether a commit whose answer was lost
-- was made.
CREATE TABLE replicas (
    replica TEXT PRIMARY KEY,
    batch BIGINT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10);

-- object: Kind/namespace/name. Times are microseconds since 1970. Texts by which rows are found are
-- in the order of their bytes, as they are in SQLite.
CREATE TABLE objects (
    object TEXT COLLATE "C" PRIMARY KEY,
    revision BIGINT NOT NULL,
    metadata TEXT NOT NULL,
    spec TEXT NOT NULL,
    status TEXT NOT NULL,
    spec_digest BYTEA NOT NULL,     -- facet spec: what is written, uid, deletion mark
    exports_digest BYTEA NOT NULL,  -- facet exports
    written_digest BYTEA NOT NULL,  -- spec, labels, annotations
    body_digest BYTEA NOT NULL,     -- spec alone: moves the generation
    indexes TEXT NOT NULL,          -- JSON list of the entries it lies in
    request_id TEXT                 -- of the last write
) WITH (fillfactor = 80);

CREATE TABLE index_members (
    entry TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry, object)
);

-- When the members of an index, or a facet of one of them, last changed.
CREATE TABLE index_marks (
    entry TEXT COLLATE "C" PRIMARY KEY,
    spec_revision BIGINT NOT NULL,
    exports_revision BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Who is woken by what: the edges left by the last decision of each reader.
CREATE TABLE reads (
    target TEXT COLLATE "C" NOT NULL,
    reader TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, reader)
);
CREATE INDEX reads_by_reader ON reads (reader, target);

CREATE TABLE changes (
    revision BIGINT PRIMARY KEY,
    object TEXT COLLATE "C" NOT NULL,
    change TEXT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    trace TEXT,
    metadata TEXT NOT NULL,
    spec TEXT NOT NULL,
    status TEXT NOT NULL,
    entries TEXT NOT NULL           -- JSON list of the index entries whose members or marks it moved
);
CREATE INDEX changes_by_object ON changes (object, revision);
CREATE INDEX changes_by_time ON changes (at, revision);

CREATE TABLE wakes (
    object TEXT COLLATE "C" PRIMARY KEY,
    token BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_until BIGINT NOT NULL,  -- 0: by nobody
    claimed_token BIGINT NOT NULL,  -- the newest token that a claim has seen
    hops BIGINT NOT NULL,
    trace TEXT
) WITH (fillfactor = 50);
CREATE INDEX wakes_by_due ON wakes (due_at);
CREATE INDEX wakes_by_claim ON wakes (claimed_until) WHERE claimed_until > 0;

CREATE TABLE bundles (
    digest BYTEA PRIMARY KEY,
    size BIGINT NOT NULL,
    data BYTEA NOT NULL,
    stored_at BIGINT NOT NULL
);
-- They are compressed already.
ALTER TABLE bundles ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX bundles_by_time ON bundles (stored_at);

-- Either digest or tombstone is set.
CREATE TABLE heads (
    plane TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    incarnation BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    digest BYTEA,
    tombstone TEXT,
    compiler_epoch BIGINT NOT NULL,
    trace TEXT,
    owner TEXT NOT NULL,
    PRIMARY KEY (plane, unit)
);
CREATE INDEX heads_by_revision ON heads (plane, incarnation, counter);
CREATE INDEX heads_by_unit ON heads (unit);
CREATE INDEX heads_by_digest ON heads (digest) WHERE digest IS NOT NULL;

-- hash: sum modulo 2^64 over the heads that name a bundle, kept as a signed number.
CREATE TABLE plane_heads (
    plane TEXT COLLATE "C" PRIMARY KEY,
    incarnation BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    hash BIGINT NOT NULL,
    live BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE reports (
    unit TEXT COLLATE "C" NOT NULL,
    plane TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (unit, plane)
) WITH (fillfactor = 80);

CREATE TABLE links (
    plane TEXT COLLATE "C" PRIMARY KEY,
    public_key TEXT NOT NULL,
    cluster_uid TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX links_by_key ON links (public_key);

CREATE TABLE join_tokens (
    digest BYTEA PRIMARY KEY,
    plane TEXT NOT NULL,
    namespaces TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_by TEXT
);

CREATE TABLE sessions (
    plane TEXT COLLATE "C" PRIMARY KEY,
    epoch BIGINT NOT NULL,
    agent_version TEXT NOT NULL,
    kubernetes_version TEXT NOT NULL,
    features TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    incarnation BIGINT NOT NULL,
    counter BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT,
    outcome TEXT NOT NULL,
    request_id TEXT,
    trace TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX audit_by_time ON audit (at);

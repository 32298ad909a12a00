INSERT INTO objects (object, revision, metadata, spec, status, spec_digest, exports_digest,
    written_digest, body_digest, indexes, request_id)
VALUES ($1, $2, $3, $4, $5, $17, $18, $19, $20, $21, $9)
ON CONFLICT (object) DO UPDATE SET revision = excluded.revision, metadata = excluded.metadata,
    spec = excluded.spec, status = excluded.status, spec_digest = excluded.spec_digest,
    exports_digest = excluded.exports_digest, written_digest = excluded.written_digest,
    body_digest = excluded.body_digest, indexes = excluded.indexes,
    request_id = excluded.request_id;

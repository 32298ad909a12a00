INSERT INTO changes (revision, object, change, at, actor, request_id, trace, metadata, spec, status,
    entries)
VALUES ($2, $1, $6, $7, $8, $9, $10, $3, $4, $5, $22);
DELETE FROM index_members WHERE object = $1 AND entry IN (SELECT value FROM json_each($11));
INSERT INTO index_members (entry, object) SELECT value, $1 FROM json_each($12);
INSERT INTO index_marks (entry, spec_revision, exports_revision)
SELECT value, $2, $2 FROM json_each($13) WHERE true
ON CONFLICT (entry) DO UPDATE SET spec_revision = excluded.spec_revision,
    exports_revision = excluded.exports_revision;
INSERT INTO index_marks (entry, spec_revision, exports_revision)
SELECT value, $15, $16 FROM json_each($14) WHERE true
ON CONFLICT (entry) DO UPDATE SET
    spec_revision = max(index_marks.spec_revision, excluded.spec_revision),
    exports_revision = max(index_marks.exports_revision, excluded.exports_revision);

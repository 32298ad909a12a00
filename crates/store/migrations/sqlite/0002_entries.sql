-- JSON list of the index entries whose members or marks the change moved.
ALTER TABLE changes ADD COLUMN entries TEXT NOT NULL DEFAULT '[]';

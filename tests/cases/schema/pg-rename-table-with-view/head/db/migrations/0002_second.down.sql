DROP VIEW org;
ALTER TABLE organisation RENAME TO org;

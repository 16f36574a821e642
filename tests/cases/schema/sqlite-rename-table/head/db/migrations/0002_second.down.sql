ALTER TABLE organisation RENAME TO org;

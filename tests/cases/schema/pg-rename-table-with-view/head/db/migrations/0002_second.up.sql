ALTER TABLE org RENAME TO organisation;
CREATE VIEW org AS SELECT * FROM organisation;

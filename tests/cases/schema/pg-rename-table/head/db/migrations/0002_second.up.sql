ALTER TABLE org RENAME TO organisation;

-- gatepost: phase=contract after=41f0c2
-- gatepost: irreversible reason="nobody reads the age since March" strategy="restore"
ALTER TABLE users DROP COLUMN age;

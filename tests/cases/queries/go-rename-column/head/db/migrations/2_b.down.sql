ALTER TABLE versions RENAME COLUMN version_sha256 TO version_md5;

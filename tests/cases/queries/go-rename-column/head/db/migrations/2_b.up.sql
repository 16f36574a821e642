ALTER TABLE versions RENAME COLUMN version_md5 TO version_sha256;

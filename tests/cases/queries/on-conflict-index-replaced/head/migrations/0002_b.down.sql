DROP INDEX filter_unique_payload;
CREATE UNIQUE INDEX filter_unique ON filter (tenant, scope);
ALTER TABLE filter DROP COLUMN payload_hash;

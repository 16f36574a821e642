ALTER TABLE filter ADD COLUMN payload_hash text GENERATED ALWAYS AS (md5(payload::text)) STORED;
DROP INDEX filter_unique;
CREATE UNIQUE INDEX filter_unique_payload ON filter (tenant, scope, payload_hash);

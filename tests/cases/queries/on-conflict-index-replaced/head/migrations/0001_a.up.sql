CREATE TABLE filter (tenant uuid NOT NULL, scope text NOT NULL, payload jsonb);
CREATE UNIQUE INDEX filter_unique ON filter (tenant, scope);

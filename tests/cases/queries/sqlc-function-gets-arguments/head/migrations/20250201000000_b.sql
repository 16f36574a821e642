-- +goose Up
DROP FUNCTION list_payloads(date, int, bigint);
-- +goose StatementBegin
CREATE FUNCTION list_payloads(partition_date date, page int, last_id uuid, last_inserted_at date)
RETURNS TABLE (id uuid, content text) LANGUAGE sql AS $$ SELECT id, content FROM payload $$;
-- +goose StatementEnd
ALTER TABLE cutover_offset DROP COLUMN last_offset, ADD COLUMN last_id uuid;

-- +goose Down
ALTER TABLE cutover_offset DROP COLUMN last_id, ADD COLUMN last_offset bigint NOT NULL DEFAULT 0;
DROP FUNCTION list_payloads(date, int, uuid, date);
-- +goose StatementBegin
CREATE FUNCTION list_payloads(partition_date date, page int, from_offset bigint)
RETURNS TABLE (id uuid, content text) LANGUAGE sql AS $$ SELECT id, content FROM payload $$;
-- +goose StatementEnd

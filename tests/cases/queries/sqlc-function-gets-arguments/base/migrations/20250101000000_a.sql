-- +goose Up
CREATE TABLE payload (id uuid PRIMARY KEY, inserted_at date NOT NULL, content text);
CREATE TABLE cutover_offset (key date PRIMARY KEY, last_offset bigint NOT NULL);
-- +goose StatementBegin
CREATE FUNCTION list_payloads(partition_date date, page int, from_offset bigint)
RETURNS TABLE (id uuid, content text) LANGUAGE sql AS $$ SELECT id, content FROM payload $$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION list_payloads(date, int, bigint);
DROP TABLE cutover_offset;
DROP TABLE payload;

-- name: ListPayloads :many
SELECT p.id::UUID, p.content
FROM list_payloads(@partitionDate::DATE, @limitParam::INT, @offsetParam::BIGINT) p;

-- name: AcquireOffset :one
INSERT INTO cutover_offset (key, last_offset)
VALUES (@key::DATE, sqlc.narg('lastOffset'))
ON CONFLICT (key) DO UPDATE SET last_offset = EXCLUDED.last_offset
RETURNING *;

-- name: CountPayloads :one
SELECT count(*) FROM payload WHERE inserted_at = @day::DATE;

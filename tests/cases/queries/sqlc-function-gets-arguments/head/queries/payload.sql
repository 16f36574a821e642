-- name: ListPayloads :many
SELECT p.id::UUID, p.content
FROM list_payloads(@partitionDate::DATE, @limitParam::INT, @lastId::UUID, @lastInsertedAt::DATE) p;

-- name: AcquireOffset :one
INSERT INTO cutover_offset (key, last_id)
VALUES (@key::DATE, sqlc.narg('lastId'))
ON CONFLICT (key) DO UPDATE SET last_id = EXCLUDED.last_id
RETURNING *;

-- name: CountPayloads :one
SELECT count(*) FROM payload WHERE inserted_at = @day::DATE;

-- name: GetUser :one
SELECT id FROM users WHERE email = $1;

-- name: ListUsers :many
SELECT id, email FROM users;

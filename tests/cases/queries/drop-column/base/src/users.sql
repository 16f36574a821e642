-- name: GetUser :one
SELECT id, name FROM users WHERE email = $1;

-- name: ListUsers :many
SELECT id, email FROM users;

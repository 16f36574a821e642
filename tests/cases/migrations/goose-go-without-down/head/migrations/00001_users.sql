-- +goose Up
CREATE TABLE users (id serial);
-- +goose Down
DROP TABLE users;

-- +goose Up
ALTER TABLE users ADD COLUMN name text;
-- +goose Down
-- +goose StatementBegin
-- +goose StatementEnd

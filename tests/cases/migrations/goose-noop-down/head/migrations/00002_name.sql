-- +goose Up
ALTER TABLE users ADD COLUMN name text;
-- +goose Down
-- +goose StatementBegin
SELECT 'down SQL query';
-- +goose StatementEnd

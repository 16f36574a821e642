-- migrate:up
CREATE TABLE users (id serial);

-- migrate:down
DROP TABLE users;

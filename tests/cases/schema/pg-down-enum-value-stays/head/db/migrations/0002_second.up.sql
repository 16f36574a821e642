ALTER TYPE mood ADD VALUE 'glad';
CREATE TABLE day (id bigserial PRIMARY KEY, how mood);

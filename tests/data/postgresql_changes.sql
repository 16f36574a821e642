-- Each block below is one change, alone; those at the end change nothing.

-- table: create
CREATE TABLE extra (id integer);
-- table: drop
DROP TABLE settings;
-- table: rename
ALTER TABLE settings RENAME TO options;
-- table: move to another schema
ALTER TABLE settings SET SCHEMA audit;
-- table: unlogged
ALTER TABLE settings SET UNLOGGED;
-- table: fillfactor
ALTER TABLE audit.log SET (fillfactor = 70);
-- table: reset fillfactor
ALTER TABLE audit.log RESET (fillfactor);
-- table: autovacuum
ALTER TABLE users SET (autovacuum_enabled = false);
-- table: toast option
ALTER TABLE users SET (toast.autovacuum_enabled = false);
-- table: owner
ALTER TABLE users OWNER TO app;
-- table: comment
COMMENT ON TABLE users IS 'accounts';
-- table: comment gone
COMMENT ON TABLE users IS NULL;
-- table: replica identity full
ALTER TABLE users REPLICA IDENTITY FULL;
-- table: replica identity nothing
ALTER TABLE users REPLICA IDENTITY NOTHING;
-- table: replica identity by an index
ALTER TABLE settings REPLICA IDENTITY USING INDEX settings_pkey;
-- table: clustered
ALTER TABLE posts CLUSTER ON posts_user_idx;
-- table: grant
GRANT INSERT ON users TO reader;
-- table: revoke
REVOKE SELECT ON users FROM reader;
-- table: grant option
GRANT SELECT ON users TO reader WITH GRANT OPTION;
-- table: revoked from its owner
REVOKE DELETE ON settings FROM CURRENT_USER;
-- table: tablespace
ALTER TABLE settings SET TABLESPACE elsewhere;
-- table: like another
CREATE TABLE users_two (LIKE users INCLUDING ALL);
-- column: add
ALTER TABLE users ADD COLUMN nick text;
-- column: drop
ALTER TABLE users DROP COLUMN data;
-- column: rename
ALTER TABLE users RENAME COLUMN data TO extra;
-- column: type
ALTER TABLE posts ALTER COLUMN room TYPE bigint;
-- column: length
DROP VIEW active; ALTER TABLE users ALTER COLUMN name TYPE varchar(60); CREATE VIEW active AS SELECT id, name FROM users WHERE mood = 'happy';
-- column: scale
ALTER TABLE audit.log ALTER COLUMN at TYPE timestamp(3);
-- column: with time zone
ALTER TABLE audit.log ALTER COLUMN at TYPE timestamptz;
-- column: collation
ALTER TABLE users ALTER COLUMN email TYPE text COLLATE "default";
-- column: default
ALTER TABLE users ALTER COLUMN name SET DEFAULT 'somebody';
-- column: default gone
ALTER TABLE users ALTER COLUMN name DROP DEFAULT;
-- column: a default that only another letter tells apart
ALTER TABLE users ALTER COLUMN name SET DEFAULT 'Nobody';
-- column: not null
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
-- column: nullable
ALTER TABLE users ALTER COLUMN name DROP NOT NULL;
-- column: storage
ALTER TABLE users ALTER COLUMN email SET STORAGE EXTERNAL;
-- column: compression
ALTER TABLE users ALTER COLUMN email SET COMPRESSION pglz;
-- column: statistics
ALTER TABLE users ALTER COLUMN email SET STATISTICS 500;
-- column: options
ALTER TABLE users ALTER COLUMN email SET (n_distinct = 5);
-- column: comment
COMMENT ON COLUMN users.name IS 'their name';
-- column: grants
GRANT UPDATE (title) ON posts TO reader;
-- column: identity always
ALTER TABLE posts ALTER COLUMN id SET GENERATED ALWAYS;
-- column: identity gone
ALTER TABLE posts ALTER COLUMN id DROP IDENTITY;
-- column: identity options
ALTER TABLE posts ALTER COLUMN id SET INCREMENT BY 2;
-- column: generated no longer
ALTER TABLE users ALTER COLUMN twice DROP EXPRESSION;
-- column: serial no longer
ALTER TABLE users ALTER COLUMN id DROP DEFAULT;
-- column: default of a serial is another sequence
ALTER TABLE users ALTER COLUMN id SET DEFAULT nextval('tickets');
-- column: enum type to text
DROP VIEW active; ALTER TABLE users ALTER COLUMN mood TYPE text;
-- constraint: primary key gone
ALTER TABLE settings DROP CONSTRAINT settings_pkey;
-- constraint: primary key new
ALTER TABLE audit.log ADD PRIMARY KEY (id);
-- constraint: unique new
ALTER TABLE users ADD CONSTRAINT users_name_key UNIQUE (name);
-- constraint: unique gone
ALTER TABLE users DROP CONSTRAINT users_email_key;
-- constraint: unique with another column
ALTER TABLE users DROP CONSTRAINT users_email_key; ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email, name);
-- constraint: unique, nulls not distinct
ALTER TABLE users DROP CONSTRAINT users_email_key; ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE NULLS NOT DISTINCT (email);
-- constraint: unique with include
ALTER TABLE users DROP CONSTRAINT users_email_key; ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email) INCLUDE (name);
-- constraint: unique deferrable
ALTER TABLE users DROP CONSTRAINT users_email_key; ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE (email) DEFERRABLE;
-- constraint: unique becomes an index
ALTER TABLE users DROP CONSTRAINT users_email_key; CREATE UNIQUE INDEX users_email_key ON users (email);
-- constraint: rename
ALTER TABLE users RENAME CONSTRAINT users_email_key TO users_mail_key;
-- constraint: check new
ALTER TABLE users ADD CHECK (age < 200);
-- constraint: check gone
ALTER TABLE users DROP CONSTRAINT users_balance_check;
-- constraint: check changed
ALTER TABLE users DROP CONSTRAINT users_balance_check; ALTER TABLE users ADD CONSTRAINT users_balance_check CHECK (balance > 0);
-- constraint: check not inherited
ALTER TABLE users DROP CONSTRAINT users_balance_check; ALTER TABLE users ADD CONSTRAINT users_balance_check CHECK (balance >= 0) NO INHERIT;
-- constraint: check validated
ALTER TABLE posts VALIDATE CONSTRAINT posts_title_check;
-- constraint: foreign key gone
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey;
-- constraint: foreign key new
ALTER TABLE audit.log ADD COLUMN post bigint REFERENCES posts (id);
-- constraint: foreign key's action on delete
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL;
-- constraint: foreign key's action on update
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE;
-- constraint: foreign key not valid
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID;
-- constraint: foreign key deferrable
ALTER TABLE posts ALTER CONSTRAINT posts_user_fkey DEFERRABLE INITIALLY DEFERRED;
-- constraint: foreign key match full
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) MATCH FULL ON DELETE CASCADE;
-- constraint: exclusion gone
ALTER TABLE posts DROP CONSTRAINT posts_no_overlap;
-- constraint: exclusion changed
ALTER TABLE posts DROP CONSTRAINT posts_no_overlap; ALTER TABLE posts ADD CONSTRAINT posts_no_overlap EXCLUDE USING gist (room WITH =, during WITH -|-);
-- constraint: comment
COMMENT ON CONSTRAINT users_email_key ON users IS 'one account each';
-- constraint: its triggers are off
ALTER TABLE posts DISABLE TRIGGER ALL;
-- index: new
CREATE INDEX users_name_idx ON users (name);
-- index: gone
DROP INDEX posts_user_idx;
-- index: rename
ALTER INDEX posts_user_idx RENAME TO posts_author_idx;
-- index: unique
DROP INDEX posts_user_idx; CREATE UNIQUE INDEX posts_user_idx ON posts (user_id);
-- index: method
DROP INDEX posts_user_idx; CREATE INDEX posts_user_idx ON posts USING hash (user_id);
-- index: columns
DROP INDEX posts_user_idx; CREATE INDEX posts_user_idx ON posts (user_id, room);
-- index: order
DROP INDEX posts_user_idx; CREATE INDEX posts_user_idx ON posts (user_id DESC);
-- index: nulls
DROP INDEX posts_user_idx; CREATE INDEX posts_user_idx ON posts (user_id NULLS FIRST);
-- index: operator class
DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts (lower(title)) WHERE body IS NOT NULL;
-- index: operator class for trigrams
DROP INDEX posts_body_idx; CREATE INDEX posts_body_idx ON posts USING gist (body gist_trgm_ops);
-- index: operator class's option
DROP INDEX posts_body_idx; CREATE INDEX posts_body_idx ON posts USING gist (body gist_trgm_ops (siglen = 32));
-- index: collation
DROP INDEX posts_user_idx; CREATE INDEX posts_user_idx ON posts (title COLLATE "C");
-- index: expression
DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts (upper(title) text_pattern_ops) WHERE body IS NOT NULL;
-- index: predicate
DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts (lower(title) text_pattern_ops) WHERE body IS NULL;
-- index: predicate gone
DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts (lower(title) text_pattern_ops);
-- index: include
DROP INDEX posts_pair_idx; CREATE UNIQUE INDEX posts_pair_idx ON posts (user_id, title DESC NULLS LAST) WITH (fillfactor = 80);
-- index: fillfactor
ALTER INDEX posts_pair_idx SET (fillfactor = 70);
-- index: nulls not distinct
DROP INDEX posts_pair_idx; CREATE UNIQUE INDEX posts_pair_idx ON posts (user_id, title DESC NULLS LAST) INCLUDE (room) NULLS NOT DISTINCT WITH (fillfactor = 80);
-- index: invalid
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'posts_user_idx'::regclass;
-- index: statistics
ALTER INDEX posts_title_idx ALTER COLUMN 1 SET STATISTICS 400;
-- index: comment
COMMENT ON INDEX posts_user_idx IS 'by author';
-- index: tablespace
ALTER INDEX posts_user_idx SET TABLESPACE elsewhere;
-- index: of a materialized view
DROP INDEX totals_user_idx;
-- view: new
CREATE VIEW names AS SELECT name FROM users;
-- view: gone
DROP VIEW active;
-- view: definition
CREATE OR REPLACE VIEW active AS SELECT id, name FROM users WHERE mood = 'sad';
-- view: one more column
CREATE OR REPLACE VIEW active AS SELECT id, name, email FROM users WHERE mood = 'happy';
-- view: column's name
ALTER VIEW active RENAME COLUMN name TO called;
-- view: security barrier
ALTER VIEW active SET (security_barrier = true);
-- view: default of a column
ALTER VIEW active ALTER COLUMN name SET DEFAULT 'x';
-- view: comment of a column
COMMENT ON COLUMN active.name IS 'x';
-- view: grant
GRANT SELECT ON active TO app;
-- view: owner
ALTER VIEW active OWNER TO app;
-- materialized view: gone
DROP MATERIALIZED VIEW totals;
-- materialized view: definition
DROP MATERIALIZED VIEW totals; CREATE MATERIALIZED VIEW totals AS SELECT user_id, sum(room) AS n FROM posts GROUP BY user_id; CREATE UNIQUE INDEX totals_user_idx ON totals (user_id);
-- materialized view: without data
REFRESH MATERIALIZED VIEW totals WITH NO DATA;
-- materialized view: fillfactor
ALTER MATERIALIZED VIEW totals SET (fillfactor = 50);
-- rule: gone
DROP RULE settings_keep ON settings;
-- rule: changed
CREATE OR REPLACE RULE settings_keep AS ON DELETE TO settings DO ALSO NOTHING;
-- rule: disabled
ALTER TABLE settings DISABLE RULE settings_keep;
-- sequence: new
CREATE SEQUENCE more;
-- sequence: gone
DROP SEQUENCE tickets;
-- sequence: increment
ALTER SEQUENCE tickets INCREMENT 10;
-- sequence: bounds
ALTER SEQUENCE tickets MAXVALUE 1000;
-- sequence: cycle
ALTER SEQUENCE tickets CYCLE;
-- sequence: cache
ALTER SEQUENCE tickets CACHE 10;
-- sequence: start
ALTER SEQUENCE tickets START 20;
-- sequence: type
ALTER SEQUENCE tickets AS integer;
-- sequence: type of a serial's
ALTER SEQUENCE users_id_seq AS bigint;
-- sequence: owner column
ALTER SEQUENCE tickets OWNED BY posts.room;
-- sequence: owner column gone
ALTER SEQUENCE users_id_seq OWNED BY NONE;
-- sequence: grant
GRANT USAGE ON SEQUENCE tickets TO app;
-- sequence: comment
COMMENT ON SEQUENCE tickets IS 'x';
-- enum: new
CREATE TYPE colour AS ENUM ('red');
-- enum: value at the end
ALTER TYPE mood ADD VALUE 'ecstatic';
-- enum: value in the middle
ALTER TYPE mood ADD VALUE 'fine' BEFORE 'happy';
-- enum: value renamed
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
-- enum: renamed
ALTER TYPE mood RENAME TO feeling;
-- enum: comment
COMMENT ON TYPE mood IS 'x';
-- type: grant
REVOKE USAGE ON TYPE mood FROM PUBLIC;
-- domain: check new
ALTER DOMAIN positive ADD CHECK (VALUE < 1000);
-- domain: check gone
ALTER DOMAIN positive DROP CONSTRAINT positive_check;
-- domain: check not valid
ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
-- domain: default
ALTER DOMAIN positive SET DEFAULT 2;
-- domain: not null
ALTER DOMAIN positive SET NOT NULL;
-- domain: gone
ALTER TABLE users ALTER COLUMN age TYPE integer; DROP DOMAIN positive;
-- composite type: attribute new
ALTER TYPE pair ADD ATTRIBUTE c date;
-- composite type: attribute's type
DROP OPERATOR === (pair, pair); DROP FUNCTION same; ALTER TYPE pair ALTER ATTRIBUTE b TYPE varchar(9);
-- composite type: attribute renamed
ALTER TYPE pair RENAME ATTRIBUTE b TO bb;
-- range type: gone
DROP TYPE span;
-- range type: subtype
DROP TYPE span; CREATE TYPE span AS RANGE (subtype = numeric);
-- range type: its difference
DROP TYPE span; CREATE TYPE span AS RANGE (subtype = float8);
-- function: new
CREATE FUNCTION add(a text) RETURNS text LANGUAGE sql AS 'SELECT a';
-- function: gone
DROP FUNCTION add(integer, integer);
-- function: body
CREATE OR REPLACE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
-- function: default of an argument
CREATE OR REPLACE FUNCTION add(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
-- function: volatility
ALTER FUNCTION add(integer, integer) STABLE;
-- function: strict
ALTER FUNCTION add(integer, integer) STRICT;
-- function: security definer
ALTER FUNCTION add(integer, integer) SECURITY DEFINER;
-- function: parallel
ALTER FUNCTION add(integer, integer) PARALLEL SAFE;
-- function: cost
ALTER FUNCTION add(integer, integer) COST 5;
-- function: setting
ALTER FUNCTION add(integer, integer) SET search_path = public;
-- function: owner
ALTER FUNCTION add(integer, integer) OWNER TO app;
-- function: revoked from everyone
REVOKE EXECUTE ON FUNCTION add(integer, integer) FROM PUBLIC;
-- function: comment
COMMENT ON FUNCTION add(integer, integer) IS 'x';
-- function: returns another type
DROP FUNCTION add(integer, integer); CREATE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
-- procedure: body
CREATE OR REPLACE PROCEDURE clean(a integer) LANGUAGE sql AS 'DELETE FROM settings WHERE key IS NULL';
-- procedure: gone
DROP PROCEDURE clean(integer);
-- aggregate: gone
DROP AGGREGATE total(integer);
-- aggregate: beginning
DROP AGGREGATE total(integer); CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer, initcond = '1');
-- operator: gone
DROP OPERATOR === (pair, pair);
-- operator: its other side
ALTER OPERATOR === (pair, pair) SET (RESTRICT = eqsel);
-- operator class: new
CREATE OPERATOR CLASS odd_ops FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
-- cast: gone
DROP CAST (text AS pair);
-- cast: implicit
DROP CAST (text AS pair); CREATE CAST (text AS pair) WITH FUNCTION as_pair(text) AS IMPLICIT;
-- trigger: gone
DROP TRIGGER users_touch ON users;
-- trigger: event
DROP TRIGGER users_touch ON users; CREATE TRIGGER users_touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
-- trigger: condition
DROP TRIGGER users_touch ON users; CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION touch();
-- trigger: disabled
ALTER TABLE users DISABLE TRIGGER users_touch;
-- trigger: always
ALTER TABLE users ENABLE ALWAYS TRIGGER users_touch;
-- trigger: comment
COMMENT ON TRIGGER users_touch ON users IS 'x';
-- event trigger: disabled
ALTER EVENT TRIGGER watcher DISABLE;
-- event trigger: tags
DROP EVENT TRIGGER watcher; CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION watch();
-- extension: new
CREATE EXTENSION citext;
-- extension: gone
DROP INDEX posts_body_idx; DROP EXTENSION pg_trgm;
-- extension: schema
DROP INDEX posts_body_idx; ALTER EXTENSION pg_trgm SET SCHEMA audit;
-- policy: new
CREATE POLICY posts_new ON posts FOR INSERT WITH CHECK (true);
-- policy: condition
ALTER POLICY posts_own ON posts USING (user_id = 2);
-- policy: role
ALTER POLICY posts_own ON posts TO reader;
-- policy: restrictive
DROP POLICY posts_own ON posts; CREATE POLICY posts_own ON posts AS RESTRICTIVE FOR SELECT TO app USING (user_id = 1);
-- policy: row security off
ALTER TABLE posts DISABLE ROW LEVEL SECURITY;
-- policy: forced
ALTER TABLE posts FORCE ROW LEVEL SECURITY;
-- partition: new
CREATE TABLE events_later PARTITION OF events FOR VALUES FROM ('2030-01-01') TO ('2040-01-01');
-- partition: detached
ALTER TABLE events DETACH PARTITION events_old;
-- partition: bounds
ALTER TABLE events DETACH PARTITION events_old; ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM ('2001-01-01') TO ('2020-01-01');
-- partition: default
CREATE TABLE events_other PARTITION OF events DEFAULT;
-- inheritance: gone
ALTER TABLE dogs NO INHERIT animals;
-- inheritance: new
CREATE TABLE cats (name text) INHERITS (animals);
-- statistics: gone
DROP STATISTICS users_stats;
-- statistics: kind
DROP STATISTICS users_stats; CREATE STATISTICS users_stats (ndistinct) ON name, email FROM users;
-- statistics: target
ALTER STATISTICS users_stats SET STATISTICS 300;
-- publication: table
ALTER PUBLICATION changes ADD TABLE settings;
-- publication: columns
ALTER PUBLICATION changes SET TABLE users (id, name), posts;
-- publication: rows
ALTER PUBLICATION changes SET TABLE users WHERE (id > 5), posts;
-- publication: operations
ALTER PUBLICATION changes SET (publish = 'insert');
-- publication: all tables
CREATE PUBLICATION everything FOR ALL TABLES;
-- publication: schema
ALTER PUBLICATION changes ADD TABLES IN SCHEMA audit;
-- subscription: new
CREATE SUBSCRIPTION mirror CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE);
-- foreign: server's option
ALTER SERVER there OPTIONS (SET host 'b');
-- foreign: wrapper new
CREATE FOREIGN DATA WRAPPER farther;
-- foreign: table's option
ALTER FOREIGN TABLE remote OPTIONS (SET name 'y');
-- foreign: column's option
ALTER FOREIGN TABLE remote ALTER COLUMN id OPTIONS (ADD name 'z');
-- foreign: user mapping
CREATE USER MAPPING FOR app SERVER there;
-- foreign: server's grant
GRANT USAGE ON FOREIGN SERVER there TO app;
-- schema: new
CREATE SCHEMA extra;
-- schema: grant
GRANT CREATE ON SCHEMA audit TO reader;
-- schema: grant on public
GRANT CREATE ON SCHEMA public TO reader;
-- schema: revoke on public
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
-- schema: owner
ALTER SCHEMA audit OWNER TO app;
-- schema: comment
COMMENT ON SCHEMA audit IS 'x';
-- default privileges: new
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
-- default privileges: changed
ALTER DEFAULT PRIVILEGES IN SCHEMA audit GRANT INSERT ON TABLES TO reader;
-- default privileges: functions, everywhere
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
-- collation: new
CREATE COLLATION plain (provider = libc, locale = 'POSIX');
-- collation: gone
DROP COLLATION german;
-- text search: configuration's mapping
ALTER TEXT SEARCH CONFIGURATION simpler ALTER MAPPING FOR word WITH stems;
-- text search: dictionary's option
ALTER TEXT SEARCH DICTIONARY stems (language = german);
-- text search: configuration gone
DROP TEXT SEARCH CONFIGURATION simpler;
-- language: grant
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;

-- column: grant on the sequence of an identity
GRANT USAGE ON SEQUENCE posts_id_seq TO app;
-- column: comment on the sequence of an identity
COMMENT ON SEQUENCE posts_id_seq IS 'x';
-- column: grant option
GRANT SELECT (title) ON posts TO reader WITH GRANT OPTION;
-- column: generated by another expression
ALTER TABLE users DROP COLUMN twice; ALTER TABLE users ADD COLUMN twice numeric GENERATED ALWAYS AS (balance * 3) STORED;
-- column: array
ALTER TABLE audit.log ALTER COLUMN note TYPE text[] USING ARRAY[note];
-- constraint: foreign key clears one column
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL (user_id);
-- constraint: foreign key to another table
ALTER TABLE posts DROP CONSTRAINT posts_user_fkey; ALTER TABLE posts ADD CONSTRAINT posts_user_fkey FOREIGN KEY (user_id) REFERENCES posts (id) ON DELETE CASCADE;
-- constraint: exclusion with a predicate
ALTER TABLE posts DROP CONSTRAINT posts_no_overlap; ALTER TABLE posts ADD CONSTRAINT posts_no_overlap EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (room > 1);
-- constraint: comment on a domain's
COMMENT ON CONSTRAINT positive_check ON DOMAIN positive IS 'x';
-- constraint: tablespace of a key's index
ALTER INDEX users_email_key SET TABLESPACE elsewhere;
-- constraint: trigger that is one
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
-- view: check option
CREATE OR REPLACE VIEW active AS SELECT id, name FROM users WHERE mood = 'happy' WITH CASCADED CHECK OPTION;
-- view: materialized from now on
DROP VIEW active; CREATE MATERIALIZED VIEW active AS SELECT id, name FROM users WHERE mood = 'happy';
-- view: trigger instead
CREATE TRIGGER instead INSTEAD OF INSERT ON active FOR EACH ROW EXECUTE FUNCTION touch();
-- materialized view: statistics of a column
ALTER MATERIALIZED VIEW totals ALTER COLUMN n SET STATISTICS 10;
-- materialized view: comment
COMMENT ON MATERIALIZED VIEW totals IS 'x';
-- materialized view: owner
ALTER MATERIALIZED VIEW totals OWNER TO app;
-- rule: comment
COMMENT ON RULE settings_keep ON settings IS 'x';
-- sequence: owner
ALTER SEQUENCE tickets OWNER TO app;
-- sequence: descending
ALTER SEQUENCE tickets INCREMENT -1 MINVALUE -100 MAXVALUE 100 START 5;
-- sequence: schema
ALTER SEQUENCE tickets SET SCHEMA audit;
-- enum: owner
ALTER TYPE mood OWNER TO app;
-- domain: check renamed
ALTER DOMAIN positive RENAME CONSTRAINT positive_check TO above_zero;
-- domain: base type
CREATE DOMAIN other AS text; ALTER TABLE users ALTER COLUMN age TYPE integer; DROP DOMAIN positive; CREATE DOMAIN positive AS bigint DEFAULT 1 CHECK (VALUE > 0);
-- composite type: comment on an attribute
COMMENT ON COLUMN pair.a IS 'x';
-- composite type: new
CREATE TYPE point3 AS (x float8, y float8, z float8);
-- base type: new
CREATE TYPE odd; CREATE FUNCTION odd_in(cstring) RETURNS odd LANGUAGE internal STRICT IMMUTABLE AS 'int4in'; CREATE FUNCTION odd_out(odd) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'int4out'; CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = integer);
-- function: rows
CREATE FUNCTION many() RETURNS SETOF integer LANGUAGE sql ROWS 5 AS 'SELECT 1';
-- function: leakproof
ALTER FUNCTION add(integer, integer) LEAKPROOF;
-- function: granted
GRANT EXECUTE ON FUNCTION add(integer, integer) TO app;
-- function: schema
ALTER FUNCTION add(integer, integer) SET SCHEMA audit;
-- function: renamed
ALTER FUNCTION add(integer, integer) RENAME TO plus;
-- procedure: owner
ALTER PROCEDURE clean(integer) OWNER TO app;
-- aggregate: comment
COMMENT ON AGGREGATE total(integer) IS 'x';
-- aggregate: owner
ALTER AGGREGATE total(integer) OWNER TO app;
-- operator: comment
COMMENT ON OPERATOR === (pair, pair) IS 'x';
-- operator: commutator
DROP OPERATOR === (pair, pair); CREATE OPERATOR === (leftarg = pair, rightarg = pair, function = same, commutator = ===);
-- operator family: new
CREATE OPERATOR FAMILY odd_family USING btree;
-- operator family: one more operator
CREATE OPERATOR FAMILY odd_family USING btree; ALTER OPERATOR FAMILY odd_family USING btree ADD OPERATOR 1 < (integer, integer);
-- cast: comment
COMMENT ON CAST (text AS pair) IS 'x';
-- conversion: new
CREATE CONVERSION mine FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
-- transform: new
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
-- access method: new
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
-- trigger: renamed
ALTER TRIGGER users_touch ON users RENAME TO users_stamp;
-- trigger: on a statement
DROP TRIGGER users_touch ON users; CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH STATEMENT EXECUTE FUNCTION touch();
-- event trigger: comment
COMMENT ON EVENT TRIGGER watcher IS 'x';
-- extension: older version
DROP INDEX posts_body_idx; DROP EXTENSION pg_trgm; CREATE EXTENSION pg_trgm VERSION '1.4';
-- extension: comment
COMMENT ON EXTENSION pg_trgm IS 'x';
-- policy: comment
COMMENT ON POLICY posts_own ON posts IS 'x';
-- policy: renamed
ALTER POLICY posts_own ON posts RENAME TO posts_mine;
-- partition: of a partition
CREATE TABLE events_parts PARTITION OF events FOR VALUES FROM ('2030-01-01') TO ('2040-01-01') PARTITION BY LIST (kind);
-- partition: an index for all
CREATE INDEX events_kind_idx ON events (kind);
-- partition: grant on one
GRANT SELECT ON events_old TO app;
-- statistics: comment
COMMENT ON STATISTICS users_stats IS 'x';
-- statistics: owner
ALTER STATISTICS users_stats OWNER TO app;
-- publication: owner
ALTER PUBLICATION changes OWNER TO app;
-- publication: comment
COMMENT ON PUBLICATION changes IS 'x';
-- publication: through the root
ALTER PUBLICATION changes SET (publish_via_partition_root = true);
-- foreign: server's version
ALTER SERVER there VERSION '2';
-- foreign: wrapper's option
ALTER FOREIGN DATA WRAPPER far OPTIONS (ADD debug 'true');
-- foreign: wrapper's grant
GRANT USAGE ON FOREIGN DATA WRAPPER far TO app;
-- foreign: comment on a server
COMMENT ON SERVER there IS 'x';
-- foreign: column's type
ALTER FOREIGN TABLE remote ALTER COLUMN id TYPE bigint;
-- schema: renamed
ALTER SCHEMA audit RENAME TO ledger;
-- schema: comment on public
COMMENT ON SCHEMA public IS 'ours';
-- default privileges: types
ALTER DEFAULT PRIVILEGES IN SCHEMA audit GRANT USAGE ON TYPES TO reader;
-- default privileges: of another role
ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON SEQUENCES TO reader;
-- collation: locale
DROP COLLATION german; CREATE COLLATION german (provider = libc, locale = 'POSIX');
-- collation: comment
COMMENT ON COLLATION german IS 'x';
-- text search: parser new
CREATE TEXT SEARCH PARSER words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
-- text search: template new
CREATE TEXT SEARCH TEMPLATE plain (LEXIZE = dsimple_lexize);
-- text search: comment
COMMENT ON TEXT SEARCH CONFIGURATION simpler IS 'x';
-- extension: comment on the one that is always there
COMMENT ON EXTENSION plpgsql IS 'x';

-- no change: the same default again
ALTER TABLE users ALTER COLUMN name SET DEFAULT 'nobody';
-- no change: the same function again
CREATE OR REPLACE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
-- no change: the same view again
CREATE OR REPLACE VIEW active AS SELECT users.id, users.name FROM public.users WHERE (users.mood = 'happy'::mood);
-- no change: the same comment again
COMMENT ON TABLE users IS 'people';
-- no change: analyze
ANALYZE users;
-- no change: grants in another order
REVOKE SELECT ON users FROM reader; GRANT UPDATE ON users TO app; GRANT SELECT ON users TO reader; REVOKE UPDATE ON users FROM app;
-- no change: a grant and back
GRANT SELECT ON settings TO reader; REVOKE SELECT ON settings FROM reader;
-- no change: owner's own grant
GRANT ALL ON settings TO CURRENT_USER;
-- no change: rows and counters
INSERT INTO users (name) VALUES ('a'); SELECT nextval('tickets');
-- no change: statistics as they were
ALTER TABLE users ALTER COLUMN email SET STATISTICS 100; ALTER TABLE users ALTER COLUMN email SET STATISTICS -1;
-- no change: the index made again
DROP INDEX posts_title_idx; CREATE INDEX posts_title_idx ON posts USING btree ((lower(title)) text_pattern_ops ASC) WHERE (body IS NOT NULL);
-- no change: constraint made again
ALTER TABLE users DROP CONSTRAINT users_balance_check; ALTER TABLE users ADD CONSTRAINT users_balance_check CHECK ((balance >= 0));
-- no change: reindex
REINDEX TABLE posts;
-- no change: set and reset
ALTER TABLE users SET (fillfactor = 50); ALTER TABLE users RESET (fillfactor);
-- no change: a temporary table
CREATE TEMPORARY TABLE passing (id serial PRIMARY KEY);
-- no change: dropped and made again
DROP TRIGGER users_touch ON users; CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE PROCEDURE touch();
-- no change: a bookkeeping table
CREATE TABLE schema_migrations (version bigint PRIMARY KEY);
-- no change: a dated partition
CREATE TABLE events_2031_01 PARTITION OF events FOR VALUES FROM ('2031-01-01') TO ('2031-02-01');
-- no change: owner again
ALTER TABLE users OWNER TO CURRENT_USER;
-- no change: settings of the session
SET LOCAL lock_timeout = '5s'; LOCK TABLE users IN ACCESS EXCLUSIVE MODE;

-- Each block below is one change, alone; those at the end change nothing.

-- table: create
CREATE TABLE extra (id int);
-- table: drop
DROP TABLE plain;
-- table: rename
RENAME TABLE plain TO simple;
-- table: engine
ALTER TABLE plain ENGINE = Aria;
-- table: charset
ALTER TABLE plain CONVERT TO CHARACTER SET latin1;
-- table: default charset
ALTER TABLE plain DEFAULT CHARACTER SET latin1;
-- table: collation
ALTER TABLE plain DEFAULT COLLATE utf8mb4_bin;
-- table: row format
ALTER TABLE plain ROW_FORMAT = REDUNDANT;
-- table: comment
ALTER TABLE users COMMENT = 'accounts';
-- table: comment gone
ALTER TABLE users COMMENT = '';
-- table: key block size
ALTER TABLE plain ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 4;
-- table: statistics option
ALTER TABLE plain STATS_PERSISTENT = 1;
-- table: system versioning
ALTER TABLE plain ADD SYSTEM VERSIONING;
-- table: no system versioning
ALTER TABLE history DROP SYSTEM VERSIONING;
-- table: partitioned
ALTER TABLE plain PARTITION BY HASH (a) PARTITIONS 2;
-- table: partitioned no more
ALTER TABLE visits REMOVE PARTITIONING;
-- partition: one more
ALTER TABLE visits REORGANIZE PARTITION later INTO (PARTITION p2026 VALUES LESS THAN (2027), PARTITION later VALUES LESS THAN MAXVALUE);
-- partition: one less
ALTER TABLE visits DROP PARTITION later;
-- partition: bound
ALTER TABLE visits REORGANIZE PARTITION p2024, p2025 INTO (PARTITION p2024 VALUES LESS THAN (2024), PARTITION p2025 VALUES LESS THAN (2026));
-- column: add
ALTER TABLE plain ADD COLUMN d text;
-- column: drop
ALTER TABLE plain DROP COLUMN b;
-- column: rename
ALTER TABLE plain RENAME COLUMN b TO bb;
-- column: type
ALTER TABLE plain MODIFY a bigint;
-- column: unsigned
ALTER TABLE plain MODIFY a int unsigned;
-- column: size
ALTER TABLE plain MODIFY b varchar(30);
-- column: precision
ALTER TABLE users MODIFY balance decimal(12, 2) NOT NULL DEFAULT 0.00 COMMENT 'in euro';
-- column: fraction of seconds
ALTER TABLE users MODIFY changed_at datetime(6) NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6);
-- column: enum value more
ALTER TABLE users MODIFY mood enum('happy', 'sad', 'angry') DEFAULT 'happy';
-- column: enum values in another order
ALTER TABLE users MODIFY mood enum('sad', 'happy') DEFAULT 'happy';
-- column: set value more
ALTER TABLE users MODIFY flags set('a', 'b', 'c');
-- column: not null
ALTER TABLE plain MODIFY a int NOT NULL;
-- column: null
ALTER TABLE posts MODIFY title varchar(100);
-- column: default
ALTER TABLE users ALTER name SET DEFAULT 'somebody';
-- column: case of a default
ALTER TABLE users ALTER name SET DEFAULT 'Nobody';
-- column: default gone
ALTER TABLE users ALTER name DROP DEFAULT;
-- column: default where there was none
ALTER TABLE plain ALTER a SET DEFAULT 1;
-- column: default is an expression
ALTER TABLE plain MODIFY b varchar(20) DEFAULT (uuid());
-- column: no default time
ALTER TABLE users MODIFY made_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00';
-- column: no on update
ALTER TABLE users MODIFY changed_at datetime(3) NULL DEFAULT current_timestamp(3);
-- column: collation
ALTER TABLE plain MODIFY b varchar(20) COLLATE utf8mb4_bin;
-- column: charset
ALTER TABLE users MODIFY email varchar(200) CHARACTER SET latin1;
-- column: comment
ALTER TABLE users MODIFY balance decimal(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in dollar';
-- column: comment gone
ALTER TABLE users MODIFY balance decimal(10, 2) NOT NULL DEFAULT 0.00;
-- column: generated expression
ALTER TABLE users MODIFY shout varchar(40) AS (lower(name)) VIRTUAL;
-- column: generated and stored
ALTER TABLE users DROP COLUMN shout, ADD COLUMN shout varchar(40) AS (upper(name)) STORED AFTER changed_at;
-- column: generated no more
ALTER TABLE users DROP COLUMN shout, ADD COLUMN shout varchar(40) AFTER changed_at;
-- column: visible
ALTER TABLE users MODIFY secret text;
-- column: invisible
ALTER TABLE plain MODIFY a int INVISIBLE;
-- column: compressed
ALTER TABLE plain MODIFY c blob COMPRESSED;
-- column: no auto_increment
ALTER TABLE users MODIFY id bigint unsigned NOT NULL;
-- column: auto_increment
ALTER TABLE posts MODIFY id int NOT NULL AUTO_INCREMENT;
-- column: json becomes text
ALTER TABLE users MODIFY details longtext;
-- column: without system versioning
SET system_versioning_alter_history = KEEP; ALTER TABLE history ADD COLUMN b int WITHOUT SYSTEM VERSIONING;
-- column: width for zeros
ALTER TABLE plain MODIFY a int(5) ZEROFILL;
-- primary key: add
ALTER TABLE plain ADD PRIMARY KEY (a);
-- primary key: drop
ALTER TABLE cache DROP PRIMARY KEY;
-- primary key: columns
ALTER TABLE posts DROP PRIMARY KEY, ADD PRIMARY KEY (id, title);
-- unique: add
ALTER TABLE plain ADD UNIQUE (b);
-- unique: drop
ALTER TABLE users DROP INDEX email;
-- index: add
CREATE INDEX a ON plain (a);
-- index: drop
DROP INDEX title ON posts;
-- index: rename
ALTER TABLE posts RENAME INDEX title TO titles;
-- index: unique
ALTER TABLE posts DROP INDEX title, ADD UNIQUE title (title) COMMENT 'for search';
-- index: order of columns
ALTER TABLE users DROP INDEX mood_name, ADD INDEX mood_name (name(10), mood);
-- index: length of a prefix
ALTER TABLE users DROP INDEX mood_name, ADD INDEX mood_name (mood, name(11));
-- index: no prefix
ALTER TABLE users DROP INDEX mood_name, ADD INDEX mood_name (mood, name);
-- index: descending
ALTER TABLE users DROP INDEX mood_name, ADD INDEX mood_name (mood, name(10) DESC);
-- index: fulltext no more
ALTER TABLE users DROP INDEX secret_words, ADD INDEX secret_words (secret(10));
-- index: spatial no more
ALTER TABLE users DROP INDEX places;
-- index: method
ALTER TABLE cache DROP PRIMARY KEY, ADD PRIMARY KEY USING BTREE (k);
-- index: comment
ALTER TABLE posts DROP INDEX title, ADD INDEX title (title) COMMENT 'for lists';
-- index: ignored
ALTER TABLE users ALTER INDEX mood_name IGNORED;
-- index: not ignored
ALTER TABLE users ALTER INDEX hidden NOT IGNORED;
-- check: add
ALTER TABLE plain ADD CONSTRAINT small CHECK (a < 10);
-- check: drop
ALTER TABLE users DROP CONSTRAINT known_balance;
-- check: expression
ALTER TABLE users DROP CONSTRAINT known_balance, ADD CONSTRAINT known_balance CHECK (balance >= -200);
-- check: name
ALTER TABLE users DROP CONSTRAINT known_balance, ADD CONSTRAINT balance_known CHECK (balance >= -100);
-- check: of a column
ALTER TABLE users MODIFY age int CHECK (age > 0);
-- foreign key: add
ALTER TABLE plain ADD COLUMN u bigint unsigned, ADD CONSTRAINT of_users FOREIGN KEY (u) REFERENCES users (id);
-- foreign key: drop
ALTER TABLE posts DROP FOREIGN KEY posts_of_users;
-- foreign key: action of delete
ALTER TABLE posts DROP FOREIGN KEY posts_of_users, ADD CONSTRAINT posts_of_users_2 FOREIGN KEY (user_id) REFERENCES users (id) ON UPDATE CASCADE;
-- foreign key: action of update
ALTER TABLE posts DROP FOREIGN KEY posts_of_users; ALTER TABLE posts ADD CONSTRAINT posts_of_users FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
-- foreign key: target
ALTER TABLE posts DROP FOREIGN KEY posts_of_users; CREATE TABLE other (id bigint unsigned PRIMARY KEY); ALTER TABLE posts ADD CONSTRAINT posts_of_users FOREIGN KEY (user_id) REFERENCES other (id) ON DELETE CASCADE ON UPDATE CASCADE;
-- foreign key: name
ALTER TABLE posts DROP FOREIGN KEY posts_of_users; ALTER TABLE posts ADD CONSTRAINT posts_of_people FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE;
-- view: create
CREATE VIEW all_users AS SELECT id FROM users;
-- view: drop
DROP VIEW active;
-- view: condition
ALTER VIEW active AS SELECT id, name FROM users WHERE mood = 'sad' WITH CHECK OPTION;
-- view: column
ALTER VIEW active AS SELECT id, name AS called FROM users WHERE mood = 'happy' WITH CHECK OPTION;
-- view: check option
ALTER VIEW active AS SELECT id, name FROM users WHERE mood = 'happy';
-- view: security
ALTER SQL SECURITY INVOKER VIEW active AS SELECT id, name FROM users WHERE mood = 'happy' WITH CHECK OPTION;
-- view: algorithm
ALTER ALGORITHM = MERGE VIEW active AS SELECT id, name FROM users WHERE mood = 'happy' WITH CHECK OPTION;
-- function: create
CREATE FUNCTION add_two(x int) RETURNS int DETERMINISTIC RETURN x + 2;
-- function: drop
DROP FUNCTION add_one;
-- function: body
CREATE OR REPLACE FUNCTION add_one(x int) RETURNS int DETERMINISTIC RETURN x + 2;
-- function: type of a parameter
CREATE OR REPLACE FUNCTION add_one(x bigint) RETURNS int DETERMINISTIC RETURN x + 1;
-- function: type
CREATE OR REPLACE FUNCTION add_one(x int) RETURNS bigint DETERMINISTIC RETURN x + 1;
-- function: not deterministic
CREATE OR REPLACE FUNCTION add_one(x int) RETURNS int NOT DETERMINISTIC RETURN x + 1;
-- function: security
ALTER FUNCTION add_one SQL SECURITY INVOKER;
-- function: data
ALTER FUNCTION add_one NO SQL;
-- procedure: drop
DROP PROCEDURE clean;
-- procedure: body
CREATE OR REPLACE PROCEDURE clean(IN days int) COMMENT 'nightly' BEGIN DELETE FROM posts WHERE id <= days; END;
-- procedure: direction of a parameter
CREATE OR REPLACE PROCEDURE clean(INOUT days int) COMMENT 'nightly' BEGIN DELETE FROM posts WHERE id < days; END;
-- procedure: comment
ALTER PROCEDURE clean COMMENT 'daily';
-- trigger: create
CREATE TRIGGER extra AFTER DELETE ON posts FOR EACH ROW SET @x = 1;
-- trigger: drop
DROP TRIGGER posts_insert;
-- trigger: body
CREATE OR REPLACE TRIGGER posts_second BEFORE INSERT ON posts FOR EACH ROW SET NEW.body = coalesce(NEW.body, '-');
-- trigger: time
DROP TRIGGER posts_second; CREATE TRIGGER posts_second AFTER INSERT ON posts FOR EACH ROW SET @x = 1;
-- trigger: order
DROP TRIGGER posts_second; CREATE TRIGGER posts_second BEFORE INSERT ON posts FOR EACH ROW PRECEDES posts_insert SET NEW.body = coalesce(NEW.body, '');
-- event: create
CREATE EVENT extra ON SCHEDULE EVERY 1 HOUR DO SELECT 1;
-- event: drop
DROP EVENT nightly;
-- event: schedule
ALTER EVENT nightly ON SCHEDULE EVERY 2 DAY;
-- event: disabled
ALTER EVENT nightly DISABLE;
-- event: body
ALTER EVENT nightly DO CALL clean(4);
-- sequence: create
CREATE SEQUENCE extra;
-- sequence: drop
DROP SEQUENCE tickets;
-- sequence: increment
ALTER SEQUENCE tickets INCREMENT BY 3;
-- sequence: cycle
ALTER SEQUENCE tickets CYCLE;
-- database: charset
ALTER DATABASE CHARACTER SET latin1;

-- no change: the same default again
ALTER TABLE users ALTER name SET DEFAULT 'nobody';
-- no change: the same view again
CREATE OR REPLACE VIEW active AS SELECT users.id AS id, users.name AS name FROM users WHERE (users.mood = 'happy') WITH CASCADED CHECK OPTION;
-- no change: rows and counters
INSERT INTO users (name, place) VALUES ('a', point(1, 1)); DELETE FROM users; ALTER TABLE users AUTO_INCREMENT = 100;
-- no change: a sequence that was used
SELECT NEXT VALUE FOR tickets; SELECT NEXT VALUE FOR tickets;
-- no change: column added and dropped
ALTER TABLE plain ADD COLUMN d int; ALTER TABLE plain DROP COLUMN d;
-- no change: renamed and back
RENAME TABLE posts TO articles; RENAME TABLE articles TO posts;
-- no change: table made anew
DROP TABLE plain; CREATE TABLE `plain` (`a` INTEGER DEFAULT NULL, `b` VARCHAR (20), `c` BLOB);
-- no change: index made again
ALTER TABLE posts DROP INDEX title; CREATE INDEX title USING BTREE ON posts (title ASC) COMMENT 'for search';
-- no change: width of an integer
ALTER TABLE plain MODIFY a int(7);
-- no change: optimize
OPTIMIZE TABLE plain; ANALYZE TABLE plain;
-- no change: the same function again
CREATE OR REPLACE FUNCTION add_one(x INT) RETURNS INT DETERMINISTIC RETURN x+1;

-- Each block below is one change, alone; those at the end are not seen, or
-- change nothing. A block is SQL, or "~ text", which is
-- replaced in the base by "= text": what SQLite has no ALTER for, and migrations do by making the table anew.

-- table: create
CREATE TABLE extra (id INTEGER);
-- table: drop
DROP TABLE plain;
-- table: rename
ALTER TABLE plain RENAME TO simple;
-- table: without rowid
~ PRIMARY KEY, value ANY) STRICT
= PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID
-- table: with rowid
~ WITHOUT ROWID
= 
-- table: not strict
~  STRICT
= 
-- table: no autoincrement
~  AUTOINCREMENT
= 
-- column: add
ALTER TABLE plain ADD COLUMN d TEXT;
-- column: drop
ALTER TABLE plain DROP COLUMN b;
-- column: rename
ALTER TABLE plain RENAME COLUMN b TO bb;
-- column: type
~ b INT,
= b BIGINT,
-- column: size of a type
~ VARCHAR(200)
= VARCHAR(100)
-- column: a type where there was none
~ (a, b INT
= (a TEXT, b INT
-- column: not null
~ body TEXT,
= body TEXT NOT NULL,
-- column: null
~ title TEXT NOT NULL
= title TEXT
-- column: default
~ DEFAULT 'nobody'
= DEFAULT 'somebody'
-- column: case of a default
~ DEFAULT 'nobody'
= DEFAULT 'Nobody'
-- column: default gone
~ DEFAULT 0.5
= 
-- column: a default where there was none
~ c BLOB
= c BLOB DEFAULT x'00'
-- column: default of another kind
~ DEFAULT 0.5
= DEFAULT '0.5'
-- column: default is an expression
~ DEFAULT CURRENT_TIMESTAMP
= DEFAULT (datetime('now', 'localtime'))
-- column: collation
~ COLLATE NOCASE,
= COLLATE RTRIM,
-- column: collation gone
~ VARCHAR(200) COLLATE NOCASE
= VARCHAR(200)
-- column: generated expression
~ upper(name)
= lower(name)
-- column: generated and stored
~ VIRTUAL,
= STORED,
-- column: generated no more
~ shout TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL
= shout TEXT
-- column: not null on conflict
~ title TEXT NOT NULL
= title TEXT NOT NULL ON CONFLICT REPLACE
-- column: hidden in a name's case
ALTER TABLE plain RENAME COLUMN b TO "b ";
-- primary key: other columns
~ PRIMARY KEY (post_id, tag)
= PRIMARY KEY (tag, post_id)
-- primary key: gone
~ key TEXT PRIMARY KEY
= key TEXT
-- primary key: order
~ key TEXT PRIMARY KEY
= key TEXT PRIMARY KEY DESC
-- primary key: on conflict
~ key TEXT PRIMARY KEY
= key TEXT PRIMARY KEY ON CONFLICT REPLACE
-- unique: gone
~   CONSTRAINT one_title UNIQUE (user_id, title)
=   CONSTRAINT one_title CHECK (1)
-- unique: other columns
~ UNIQUE (user_id, title)
= UNIQUE (user_id, title, body)
-- unique: order of columns
~ UNIQUE (user_id, title)
= UNIQUE (title, user_id)
-- unique: on conflict
~ ON CONFLICT IGNORE
= ON CONFLICT REPLACE
-- unique: collation
~ UNIQUE (user_id, title)
= UNIQUE (user_id, title COLLATE NOCASE)
-- unique: one more
~ c BLOB
= c BLOB UNIQUE
-- check: expression
~ age >= 0
= age > 0
-- check: a value more
~ 'sad')
= 'sad', 'angry')
-- check: gone
~  CHECK (age >= 0)
= 
-- check: one more
~ c BLOB
= c BLOB CHECK (length(c) < 10)
-- foreign key: action of delete
~ ON DELETE CASCADE
= ON DELETE RESTRICT
-- foreign key: action of delete gone
~ ON DELETE SET NULL
= 
-- foreign key: action of update
~ ON UPDATE NO ACTION
= ON UPDATE CASCADE
-- foreign key: target
~ user_id INTEGER NOT NULL REFERENCES users (id)
= user_id INTEGER NOT NULL REFERENCES posts (id)
-- foreign key: target column
~ NOT NULL REFERENCES users (id)
= NOT NULL REFERENCES users (email)
-- foreign key: gone
~  REFERENCES users (id) ON DELETE SET NULL
= 
-- foreign key: one more
~ b INT,
= b INT REFERENCES users (id),
-- foreign key: a second of one column
~ b INT,
= b INT,
~ FOREIGN KEY (post_id) REFERENCES posts (id)
= FOREIGN KEY (post_id) REFERENCES users (id), FOREIGN KEY (post_id) REFERENCES posts (id)
-- foreign key: not deferred
~  DEFERRABLE INITIALLY DEFERRED
= 
-- index: create
CREATE INDEX posts_body ON posts (body);
-- index: drop
DROP INDEX users_mood;
-- index: unique
DROP INDEX users_mood; CREATE UNIQUE INDEX users_mood ON users (mood, name COLLATE NOCASE DESC);
-- index: not unique
DROP INDEX plain_a; CREATE INDEX plain_a ON plain (a);
-- index: columns
DROP INDEX users_mood; CREATE INDEX users_mood ON users (name COLLATE NOCASE DESC, mood);
-- index: order
DROP INDEX users_mood; CREATE INDEX users_mood ON users (mood, name COLLATE NOCASE);
-- index: collation
DROP INDEX users_mood; CREATE INDEX users_mood ON users (mood, name DESC);
-- index: expression
DROP INDEX posts_title; CREATE INDEX posts_title ON posts (upper(title)) WHERE body IS NOT NULL;
-- index: predicate
DROP INDEX posts_title; CREATE INDEX posts_title ON posts (lower(title)) WHERE body IS NULL;
-- index: predicate gone
DROP INDEX posts_title; CREATE INDEX posts_title ON posts (lower(title));
-- index: table
DROP INDEX plain_a; CREATE UNIQUE INDEX plain_a ON settings (key);
-- index: name
DROP INDEX plain_a; CREATE UNIQUE INDEX plain_aa ON plain (a);
-- view: create
CREATE VIEW all_users AS SELECT * FROM users;
-- view: drop
DROP VIEW active;
-- view: condition
~ mood = 'happy'
= mood = 'sad'
-- view: columns
~ active (id, name) AS
= active (number, name) AS
-- view: order
~ WHERE mood = 'happy'
= WHERE mood = 'happy' ORDER BY name
-- trigger: create
CREATE TRIGGER extra BEFORE DELETE ON posts BEGIN SELECT 1; END;
-- trigger: drop
DROP TRIGGER posts_touch;
-- trigger: body
~ SET score = 0
= SET score = 1
-- trigger: time
~ AFTER UPDATE
= BEFORE UPDATE
-- trigger: event
~ UPDATE OF title ON
= UPDATE ON
-- trigger: condition
~  WHEN NEW.title <> OLD.title
= 
-- trigger: table
~ UPDATE OF title ON posts
= UPDATE OF title ON search_of
~ CREATE TABLE plain (a
= CREATE TABLE search_of (id, title, score); CREATE TABLE plain (a
-- virtual table: columns
~ fts5(title, body,
= fts5(title, body, author,
-- virtual table: tokenizer
~ 'porter'
= 'unicode61'
-- virtual table: module
~ fts5(title, body, tokenize = 'porter')
= fts4(title, body)
-- virtual table: drop
DROP TABLE search;

-- not seen: name of a unique
~ CONSTRAINT one_title
= CONSTRAINT only_title
-- not seen: name of a check
~ CONSTRAINT known_mood
= CONSTRAINT mood_known

-- no change: match, which SQLite reads and does not obey
~ posts (id) DEFERRABLE
= posts (id) MATCH FULL DEFERRABLE
-- no change: a table made anew
PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE "new_posts" ("id" integer PRIMARY KEY, "user_id" integer NOT NULL REFERENCES "users"("id") ON DELETE cascade, "title" text NOT NULL, "body" text, "score" real DEFAULT 0.5, CONSTRAINT one_title UNIQUE ("user_id", "title")); INSERT INTO new_posts SELECT * FROM posts; DROP TABLE posts; ALTER TABLE new_posts RENAME TO posts; CREATE INDEX "posts_title" ON "posts" (lower("title")) WHERE "body" IS NOT NULL; CREATE TRIGGER posts_touch AFTER UPDATE OF title ON posts WHEN NEW.title <> OLD.title BEGIN UPDATE posts SET score = 0 WHERE id = NEW.id; END; COMMIT;
-- no change: column and table renamed and back
ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME COLUMN name TO called; ALTER TABLE people RENAME COLUMN called TO name; ALTER TABLE people RENAME TO users;
-- no change: a check of a column or of its table
~ age INTEGER CHECK (age >= 0),
= age INTEGER,
~   UNIQUE (email) ON CONFLICT IGNORE,
=   CHECK ((age>=0)), UNIQUE (email) ON CONFLICT IGNORE,
-- no change: a foreign key of a column or of its table
~ boss INTEGER REFERENCES users (id) ON DELETE SET NULL,
= boss INTEGER,
~   CONSTRAINT known_mood CHECK (mood IN ('happy', 'sad'))
=   CONSTRAINT known_mood CHECK (mood IN ('happy', 'sad')), FOREIGN KEY (boss) REFERENCES users ON DELETE SET NULL
-- no change: quotes, case and comments
~ CREATE TABLE plain (a, b INT, c BLOB)
= create table [plain] ("a", /* why */ `b` int, -- because
    c blob)
-- no change: column added and dropped
ALTER TABLE plain ADD COLUMN d TEXT DEFAULT 'x'; ALTER TABLE plain DROP COLUMN d;
-- no change: rows and counters
INSERT INTO users (name) VALUES ('a'); DELETE FROM users; INSERT INTO search VALUES ('a', 'b');
-- no change: analyze and vacuum
ANALYZE; VACUUM; REINDEX;
-- no change: index made again
DROP INDEX plain_a; CREATE UNIQUE INDEX IF NOT EXISTS "plain_a" ON plain (a ASC);
-- no change: user_version
PRAGMA user_version = 7;

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL DEFAULT 'nobody',
  email VARCHAR(200) COLLATE NOCASE,
  age INTEGER CHECK (age >= 0),
  mood TEXT DEFAULT 'happy',
  made_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  shout TEXT GENERATED ALWAYS AS (upper(name)) VIRTUAL,
  boss INTEGER REFERENCES users (id) ON DELETE SET NULL,
  UNIQUE (email) ON CONFLICT IGNORE,
  CONSTRAINT known_mood CHECK (mood IN ('happy', 'sad'))
);
CREATE TABLE posts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE ON UPDATE NO ACTION,
  title TEXT NOT NULL,
  body TEXT,
  score REAL DEFAULT 0.5,
  CONSTRAINT one_title UNIQUE (user_id, title)
);
CREATE TABLE tags (post_id INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (post_id, tag),
  FOREIGN KEY (post_id) REFERENCES posts (id) DEFERRABLE INITIALLY DEFERRED) WITHOUT ROWID;
CREATE TABLE settings (key TEXT PRIMARY KEY, value ANY) STRICT;
CREATE TABLE plain (a, b INT, c BLOB);
CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = 'porter');
CREATE INDEX posts_title ON posts (lower(title)) WHERE body IS NOT NULL;
CREATE INDEX users_mood ON users (mood, name COLLATE NOCASE DESC);
CREATE UNIQUE INDEX plain_a ON plain (a);
CREATE VIEW active (id, name) AS SELECT id, name FROM users WHERE mood = 'happy';
CREATE TRIGGER posts_touch AFTER UPDATE OF title ON posts WHEN NEW.title <> OLD.title BEGIN
  UPDATE posts SET score = 0 WHERE id = NEW.id;
END;
CREATE TRIGGER active_insert INSTEAD OF INSERT ON active BEGIN INSERT INTO users (name) VALUES (NEW.name); END;

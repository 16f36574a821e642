CREATE TABLE users (
  id bigint unsigned NOT NULL AUTO_INCREMENT,
  name varchar(40) NOT NULL DEFAULT 'nobody',
  email varchar(200) CHARACTER SET ascii COLLATE ascii_general_ci,
  age int CHECK (age >= 0),
  mood enum('happy', 'sad') DEFAULT 'happy',
  flags set('a', 'b'),
  balance decimal(10, 2) NOT NULL DEFAULT 0.00 COMMENT 'in euro',
  made_at timestamp NOT NULL DEFAULT current_timestamp(),
  changed_at datetime(3) NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  shout varchar(40) AS (upper(name)) VIRTUAL,
  secret text INVISIBLE,
  details json,
  boss bigint unsigned,
  place point NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY email (email),
  KEY mood_name (mood, name(10)),
  FULLTEXT KEY secret_words (secret),
  SPATIAL KEY places (place),
  KEY hidden (age) IGNORED,
  CONSTRAINT boss_is_user FOREIGN KEY (boss) REFERENCES users (id) ON DELETE SET NULL,
  CONSTRAINT known_balance CHECK (balance >= -100)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COMMENT = 'people';
CREATE TABLE posts (
  id int PRIMARY KEY,
  user_id bigint unsigned NOT NULL,
  title varchar(100) NOT NULL,
  body mediumtext,
  KEY title (title) COMMENT 'for search',
  CONSTRAINT posts_of_users FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE = InnoDB ROW_FORMAT = COMPACT;
CREATE TABLE visits (
  day date NOT NULL,
  number int NOT NULL,
  KEY day (day)
) ENGINE = InnoDB PARTITION BY RANGE (year(day)) (
  PARTITION p2024 VALUES LESS THAN (2025),
  PARTITION p2025 VALUES LESS THAN (2026),
  PARTITION later VALUES LESS THAN MAXVALUE
);
CREATE TABLE plain (a int, b varchar(20), c blob) ENGINE = InnoDB;
CREATE TABLE history (a int) WITH SYSTEM VERSIONING;
CREATE TABLE cache (k varchar(20) PRIMARY KEY) ENGINE = MEMORY;
CREATE SEQUENCE tickets START WITH 5 INCREMENT BY 2;
CREATE VIEW active AS SELECT id, name FROM users WHERE mood = 'happy' WITH CHECK OPTION;
CREATE FUNCTION add_one(x int) RETURNS int DETERMINISTIC RETURN x + 1;
DELIMITER //
CREATE PROCEDURE clean(IN days int) COMMENT 'nightly' BEGIN DELETE FROM posts WHERE id < days; END//
CREATE TRIGGER posts_insert BEFORE INSERT ON posts FOR EACH ROW BEGIN SET NEW.title = trim(NEW.title); END//
DELIMITER ;
CREATE TRIGGER posts_second BEFORE INSERT ON posts FOR EACH ROW SET NEW.body = coalesce(NEW.body, '');
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO CALL clean(3);

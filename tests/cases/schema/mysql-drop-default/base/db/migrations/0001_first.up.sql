CREATE TABLE tag (id int PRIMARY KEY, kind varchar(9) NOT NULL DEFAULT 'x');

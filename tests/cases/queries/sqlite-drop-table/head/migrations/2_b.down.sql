CREATE TABLE tags (note INTEGER, tag TEXT);

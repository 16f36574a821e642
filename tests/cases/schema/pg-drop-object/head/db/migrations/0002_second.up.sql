DROP VIEW grown;
DROP TYPE mood;

DROP VIEW grown;

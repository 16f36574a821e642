TRUNCATE `account`;
DELETE FROM `org`;

ALTER TABLE `organisation` RENAME `org`;

ALTER TABLE `account` DROP COLUMN `email`;

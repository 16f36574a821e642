ALTER TABLE `account` DROP COLUMN `plan`;

ALTER TABLE `account` DROP FOREIGN KEY `account_org`;

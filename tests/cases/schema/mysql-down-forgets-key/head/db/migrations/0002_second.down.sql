ALTER TABLE `account` ADD COLUMN `email` varchar(50) NOT NULL;

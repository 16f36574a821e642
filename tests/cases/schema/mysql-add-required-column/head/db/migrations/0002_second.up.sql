ALTER TABLE `account` ADD `plan` varchar(20) NOT NULL AFTER `nick`;

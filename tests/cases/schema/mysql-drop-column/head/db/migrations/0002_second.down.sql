ALTER TABLE `account` ADD `nick` text;

ALTER TABLE `account` CHANGE `nick` `name` text;

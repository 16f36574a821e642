ALTER TABLE `account` ADD UNIQUE KEY `nick_key` (`nick`(20));

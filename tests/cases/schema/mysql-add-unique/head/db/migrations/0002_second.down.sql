ALTER TABLE `account` DROP KEY `nick_key`;

UPDATE `account` SET `email` = '' WHERE `email` IS NULL;
ALTER TABLE `account` MODIFY `email` varchar(50) NOT NULL;

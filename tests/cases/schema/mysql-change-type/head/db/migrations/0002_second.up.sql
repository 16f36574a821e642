ALTER TABLE `account` MODIFY `age` smallint DEFAULT NULL;
ALTER TABLE `account` MODIFY `email` varchar(60) NOT NULL;
ALTER TABLE `org` MODIFY `name` varchar(100);

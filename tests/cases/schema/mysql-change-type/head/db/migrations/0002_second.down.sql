ALTER TABLE `org` MODIFY `name` varchar(20);
ALTER TABLE `account` MODIFY `email` varchar(50) NOT NULL;
ALTER TABLE `account` MODIFY `age` int DEFAULT NULL;

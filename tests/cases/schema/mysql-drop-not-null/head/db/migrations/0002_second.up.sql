ALTER TABLE `account` MODIFY `email` varchar(50) NULL;

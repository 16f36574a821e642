ALTER TABLE `account` MODIFY `email` varchar(60) NOT NULL DEFAULT 'x';

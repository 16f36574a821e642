ALTER TABLE `account` MODIFY `age` int NOT NULL;

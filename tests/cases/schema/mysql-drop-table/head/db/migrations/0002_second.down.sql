CREATE TABLE `org` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;

CREATE TABLE `account` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `email` varchar(50) NOT NULL,
  `nick` text,
  `age` int(11) DEFAULT NULL,
  `org_id` bigint DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `account_email_idx` (`email`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `org` (`id` bigint NOT NULL AUTO_INCREMENT, `name` varchar(20), PRIMARY KEY (`id`)) ENGINE=InnoDB;

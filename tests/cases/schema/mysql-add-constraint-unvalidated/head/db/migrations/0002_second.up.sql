ALTER TABLE `account` ADD CONSTRAINT `account_org` FOREIGN KEY (`org_id`) REFERENCES `org` (`id`);

ALTER TABLE `account` RENAME KEY `mail` TO `account_email_idx`;

ALTER TABLE `account` RENAME INDEX `account_email_idx` TO `mail`;

ALTER TABLE `account` ADD KEY `account_email_idx` (`email`);

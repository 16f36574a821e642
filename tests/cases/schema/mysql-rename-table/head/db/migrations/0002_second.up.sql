RENAME TABLE `org` TO `organisation`;

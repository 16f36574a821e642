DROP TABLE `org`;

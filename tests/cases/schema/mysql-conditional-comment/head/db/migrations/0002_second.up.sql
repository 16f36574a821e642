/*!50003 DROP TABLE `org` */;

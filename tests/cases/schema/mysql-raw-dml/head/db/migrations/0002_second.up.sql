UPDATE `account` SET `nick` = 'x';
DELETE FROM `org` WHERE `id` = 1;

ALTER TABLE `org` MODIFY `mood` enum('sad','ok','glad');

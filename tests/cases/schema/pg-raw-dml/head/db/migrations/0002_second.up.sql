UPDATE account SET age = 0;

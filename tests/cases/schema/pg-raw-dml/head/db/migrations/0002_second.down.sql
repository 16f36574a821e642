UPDATE account SET age = NULL WHERE age = 0;

DROP FUNCTION area(integer);

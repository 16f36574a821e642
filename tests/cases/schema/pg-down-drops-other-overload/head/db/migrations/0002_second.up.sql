CREATE FUNCTION area(a integer) RETURNS integer AS $$ SELECT a * a $$ LANGUAGE sql;
CREATE FUNCTION area(a integer, b integer) RETURNS integer AS $$ SELECT a * b $$ LANGUAGE sql;

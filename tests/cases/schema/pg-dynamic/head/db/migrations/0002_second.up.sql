DO $$
BEGIN
  EXECUTE 'DROP TABLE ' || quote_ident('org');
END
$$;

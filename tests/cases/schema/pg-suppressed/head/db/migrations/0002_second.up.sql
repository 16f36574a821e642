-- gatepost: ignore schema/drop-column reason="nobody reads it since 2026-03"
ALTER TABLE account
  DROP COLUMN nick,
  DROP COLUMN age; -- gatepost: ignore schema/drop-colum reason="a typing error"
-- gatepost: ignore schema/drop-table reason="covers nothing"
SELECT 1;

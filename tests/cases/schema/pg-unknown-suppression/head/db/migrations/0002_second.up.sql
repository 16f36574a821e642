-- gatepost: ignore schema/drop-colum reason="unused since March"
ALTER TABLE account DROP COLUMN nick;

ALTER TABLE account DROP COLUMN nick; -- gatepost: ignore schema/drop-column

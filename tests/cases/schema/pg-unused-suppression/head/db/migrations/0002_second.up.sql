-- gatepost: ignore schema/drop-column reason="unused since March"
ALTER TABLE account ADD COLUMN nack text;

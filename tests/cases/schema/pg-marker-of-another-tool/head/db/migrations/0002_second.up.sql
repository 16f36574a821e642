-- squawk-ignore ban-drop-column
ALTER TABLE account DROP COLUMN nick;

-- gatepost: phase=contract after=2026-10-01
ALTER TABLE account DROP COLUMN nick;

-- gatepost: phase=contrat after=2026-10
ALTER TABLE account DROP COLUMN nick;

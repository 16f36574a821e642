ALTER TYPE mood RENAME TO temper;
ALTER TYPE temper RENAME VALUE 'ok' TO 'fine';

ALTER TYPE temper RENAME VALUE 'fine' TO 'ok';
ALTER TYPE temper RENAME TO mood;

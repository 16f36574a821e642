package store

const createFilter = `INSERT INTO filter (tenant, scope, payload)
VALUES ($1, $2, $3)
ON CONFLICT (tenant, scope) DO UPDATE SET payload = EXCLUDED.payload`

const listFilters = "SELECT scope, payload FROM filter " +
	"WHERE tenant = $1"

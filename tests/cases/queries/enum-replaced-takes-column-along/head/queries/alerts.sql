-- name: ListAlerts :many
SELECT a.id, a.resource FROM "TenantLimitAlert" a;

-- name: ListRuns :many
SELECT id FROM "TenantLimit" WHERE resource = 'RUN';

-- name: ListEvents :many
SELECT id FROM "TenantLimit" WHERE resource = 'EVENT';

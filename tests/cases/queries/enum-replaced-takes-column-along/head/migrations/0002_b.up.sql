DELETE FROM "TenantLimit" WHERE resource = 'RUN';
CREATE TYPE "LimitResource_new" AS ENUM ('TASK', 'EVENT');
ALTER TABLE "TenantLimit" ALTER COLUMN resource TYPE "LimitResource_new" USING resource::text::"LimitResource_new";
DROP TYPE "LimitResource" CASCADE;
ALTER TYPE "LimitResource_new" RENAME TO "LimitResource";

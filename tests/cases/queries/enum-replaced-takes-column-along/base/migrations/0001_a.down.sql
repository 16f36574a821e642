DROP TABLE "TenantLimitAlert";
DROP TABLE "TenantLimit";
DROP TYPE "LimitResource";

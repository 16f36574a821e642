CREATE TYPE "LimitResource" AS ENUM ('RUN', 'TASK', 'EVENT');
CREATE TABLE "TenantLimit" (id int PRIMARY KEY, resource "LimitResource" NOT NULL);
CREATE TABLE "TenantLimitAlert" (id int PRIMARY KEY, resource "LimitResource");

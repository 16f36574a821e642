ALTER TABLE account ADD CONSTRAINT account_org FOREIGN KEY (org_id) REFERENCES org (id);
ALTER TABLE account ADD CONSTRAINT account_age CHECK (age > 0) NOT VALID;

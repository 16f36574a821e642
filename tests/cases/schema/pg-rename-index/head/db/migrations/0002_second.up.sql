ALTER INDEX account_email_idx RENAME TO account_mail_idx;
ALTER TABLE account RENAME CONSTRAINT account_pkey TO account_pk;

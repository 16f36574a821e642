ALTER TABLE account RENAME CONSTRAINT account_pk TO account_pkey;
ALTER INDEX account_mail_idx RENAME TO account_email_idx;

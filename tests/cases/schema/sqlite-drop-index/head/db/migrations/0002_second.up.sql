DROP INDEX account_email_idx;

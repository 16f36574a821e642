-- gatepost: irreversible reason="mail of all users is gone" strategy="restore"
SELECT 1;

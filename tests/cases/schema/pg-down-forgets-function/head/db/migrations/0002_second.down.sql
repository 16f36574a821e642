DROP TRIGGER touched ON account;

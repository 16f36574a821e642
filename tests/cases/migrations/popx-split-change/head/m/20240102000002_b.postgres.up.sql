CREATE INDEX b_i ON b (i);

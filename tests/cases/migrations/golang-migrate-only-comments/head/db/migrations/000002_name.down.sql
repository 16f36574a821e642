-- nothing to do
/* really; nested /* too */ */

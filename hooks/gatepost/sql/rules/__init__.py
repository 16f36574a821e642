"""One file per rule on schema changes."""

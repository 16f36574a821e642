"""SQL: splitting, parsing, neutral operations, the schema model and its rules."""

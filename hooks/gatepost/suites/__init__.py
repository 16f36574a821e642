"""One file per test language: source in, tests and their assertions out."""

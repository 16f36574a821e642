"""One file per lockfile format: bytes in, pins and edges out."""

"""One file per database engine: scratch server, introspection, confinement."""

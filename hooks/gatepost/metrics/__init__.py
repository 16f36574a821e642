"""One file per metric source: a span of time in, a Window out."""

"""One file per migration framework: a snapshot in, ordered migrations out."""

"""One file per source of sizes or of an import graph."""

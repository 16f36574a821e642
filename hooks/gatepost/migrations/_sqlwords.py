"""The patterns of ``_sqltext``: compiled when the first script is read, not when paths are looked at."""

from __future__ import annotations

import re

# Alternatives begin with different characters, so that nothing is tried twice at one place.
TOKEN = re.compile(
    r"--[^\n]*|\#[^\n]*|/\*!?|'(?:[^'\\]|''|\\.?)*(?:'|\Z)|\"[^\"]*(?:\"|\Z)|`[^`]*(?:`|\Z)|\$(?:[A-Za-z_]\w*)?\$|;|[^-#/'\"`$;]+|.",
    re.DOTALL,
)
COMMENT_EDGE = re.compile(r"/\*|\*/")
IDLE = re.compile(
    r"(?:begin|start transaction|commit|end|rollback|savepoint \w+|set\b.*|reset\b.*|use \w+"
    r"|select\b(?!.*\binto\b)[^(]*"
    r"|select (?:now|version|current_timestamp)\(\)|select pg_sleep\(.*\)|null|raise notice\b.*|values ?\(.*\)"
    r"|show\b.*|explain\b.*|delimiter\b.*|\\\w+.*)?",
    re.DOTALL,
)
IDLE_BLOCK = re.compile(r"do \$\w*\$ ?begin (?:null|raise notice [^;]*) ?; ?end ?;? ?\$\w*\$(?: language plpgsql)?")
RAISING = re.compile(
    r"do (?:language plpgsql )?\$\w*\$ ?begin raise (?:exception )?(?!notice|info|log|debug|warning)|signal sqlstate"
)
MARKER = re.compile(
    r"^[ \t]*(?:--|#|//|/\*|\*|;)+[ \t]*gatepost:[ \t]*irreversible\b(?P<rest>[^\n]*)", re.MULTILINE | re.IGNORECASE
)
WORD = re.compile(r"(reason|strategy)\s*=\s*\"([^\"\n]*)\"")

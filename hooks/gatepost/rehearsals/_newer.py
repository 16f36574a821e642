"""Tell a statement that needs a newer server than the scratch one from a statement that is wrong."""

from __future__ import annotations

import re

from gatepost.databases import Failed

# What each major of PostgreSQL has brought that an older one refuses, by its release notes.
_FEATURES: tuple[tuple[int, str], ...] = (
    (18, r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?NOT\s+NULL\s+\S"),
    (18, r"\bALTER\s+CONSTRAINT\s+\S+\s+(?:NO\s+INHERIT|INHERIT|NOT\s+ENFORCED|ENFORCED)"),
    (18, r"\bNOT\s+ENFORCED\b|\bWITHOUT\s+OVERLAPS\b|\bPERIOD\s+[\w\"]+\s*[,)]"),
    (18, r"\)\s*VIRTUAL\b|\bRETURNING\s+(?:WITH\s*\(|(?:OLD|NEW)\s*\.)"),
    (18, r"\buuidv[47]\s*\(|\barray_(?:sort|reverse)\s*\(|\bcasefold\s*\("),
    (17, r"\bSET\s+EXPRESSION\b|\bJSON_TABLE\s*\(|\bJSON_(?:EXISTS|QUERY|VALUE|SERIALIZE|SCALAR)\s*\("),
    (17, r"\bMERGE\b.*\bRETURNING\b|\bmerge_action\s*\(|\bWHEN\s+NOT\s+MATCHED\s+BY\s+SOURCE\b"),
    (17, r"\bON_ERROR\s+(?:ignore|stop)\b|\bto_(?:bin|oct)\s*\(|\bSPLIT\s+PARTITION\b|\bMERGE\s+PARTITIONS\b"),
    (16, r"\bCREATE\s+STATISTICS\s+(?:IF\s+NOT\s+EXISTS\s+)?ON\b|\bany_value\s*\(|\bSTORAGE\s+DEFAULT\b"),
    (16, r"\bIS\s+(?:NOT\s+)?JSON\b|\bJSON_(?:ARRAY|OBJECT|ARRAYAGG|OBJECTAGG)\s*\(|\barray_(?:shuffle|sample)\s*\("),
    (16, r"\bFROM\s*\(\s*(?:SELECT|VALUES)\b|\b\d[\d_]*_\d+\b|\b0[xob][0-9a-f_]+\b|\bpg_input_is_valid\s*\("),
    (15, r"\bNULLS\s+NOT\s+DISTINCT\b|\bMERGE\s+INTO\b|\bsecurity_invoker\b"),
    (15, r"\bSET\s+(?:NULL|DEFAULT)\s*\(|\bregexp_(?:like|count|instr|substr)\s*\("),
    (14, r"\bDETACH\s+PARTITION\s+\S+\s+(?:CONCURRENTLY|FINALIZE)\b|\bSET\s+COMPRESSION\b|\bmultirange\b"),
    (13, r"\bDROP\s+EXPRESSION\b|\bgen_random_uuid\s*\("),
    (12, r"\bGENERATED\s+ALWAYS\s+AS\s*\("),
)
_PATTERNS = tuple((major, re.compile(pattern, re.IGNORECASE)) for major, pattern in _FEATURES)
# syntax error, undefined function, undefined object (types too), feature not supported, unrecognized parameter
_CODES = ("42601", "42883", "42704", "0A000", "22023")
_LOOKED_AT = 20_000


def needed(error: Failed, dialect: str, version: str) -> str:
    """Give the server that a refused statement needs, "" where the statement itself is to blame."""
    if dialect == "mysql":
        other = "mariadb" in version.lower() and error.code == "1064"
        return "MySQL, perhaps: MariaDB does not read it" if other else ""
    major = version.split(".", maxsplit=1)[0]
    if dialect != "postgresql" or error.code not in _CODES or not major.isdigit():
        return ""
    text = error.statement[:_LOOKED_AT]
    found = [number for number, pattern in _PATTERNS if number > int(major) and pattern.search(text)]
    return f"PostgreSQL {max(found)}" if found else ""

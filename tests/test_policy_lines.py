"""Where in a policy file a key stands."""

from __future__ import annotations

import pytest

from gatepost.policy import line_of

TEXT = """\
[verification]
mode = "x"

[gate]
mode = "report"
protected = [
  "refs/heads/main",
]

[rules]
"schema/drop-column" = "off"

[bundle]
entries = ["a"]
[[bundle.artifact]]
name = "web"
growth = "5%"
[[bundle.artifact]]
name = "admin"
growth = "7%"
[[suppress]]
rule = "a"
[[tool.gatepost.suppress]]  # the second
rule = "b"
""".splitlines()


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("gate.mode", 5),
        ("gate.protected", 6),
        ("gate.protected[1]", 6),
        ('rules."schema/drop-column"', 11),
        ("bundle.artifact[web].growth", 17),
        ("bundle.artifact[admin].growth", 20),
        ("bundle.artifact[1].growth", 20),
        ("bundle.artifact[gone]", 1),
        ("suppress[1].rule", 24),
        ("suppress[1]", 23),
        ("suppress[7].rule", 2_000),
        ("gate", 4),
        ("nothing.at.all", 1),
        ("", 1),
    ],
)
def test_a_key_is_found_where_it_is_set(key: str, line: int) -> None:
    if line == 2_000:
        assert 1 <= line_of(TEXT, key) <= len(TEXT)
    else:
        assert line_of(TEXT, key) == line


def test_an_empty_file_has_one_line() -> None:
    assert line_of([], "gate.mode") == 1

"""Attribution by source maps: exact bytes, and what a module costs compressed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from _bundle import History
from gatepost.bundles._sourcemap import divide

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def vlq(number: int) -> str:
    value, out = (abs(number) << 1) | (number < 0), ""
    while True:
        value, digit = value >> 5, value & 31
        out += DIGITS[digit | (32 if value else 0)]
        if not value:
            return out


def bundle(parts: list[tuple[str, str]]) -> tuple[bytes, bytes]:
    """Join parts on one line, with a map that tells them apart."""
    names = sorted({name for name, _ in parts})
    segments, column, source = [], 0, 0
    for name, text in parts:
        index = names.index(name)
        segments.append(vlq(column) + vlq(index - source) + "AA")
        column, source = len(text.encode("utf-16-le")) // 2, index
    data = {"version": 3, "sources": names, "mappings": ",".join(segments)}
    return "".join(text for _, text in parts).encode(), json.dumps(data).encode()


def test_a_file_is_divided_exactly() -> None:
    parts = [
        ("../src/a.js", "aaaa"),
        ("../node_modules/@x/y/i.js", "ü😀b"),
        ("../src/a.js", "cc"),
        ("webpack://app/./src/b.js", "d"),
    ]
    text, data = bundle(parts)
    found = divide(text, data)
    assert found is not None
    assert found.sizes() == {"src/a.js": 6, "//@x/y": 7, "app/src/b.js": 1}
    assert b"".join(piece for _, piece in found.pieces) == text


@pytest.mark.parametrize("data", [b"", b"[]", b'{"sources": [], "mappings": "!"}', b'{"sources": 1}'])
def test_a_map_that_is_none_is_told_by_nothing(data: bytes) -> None:
    assert divide(b"text", data) is None


def test_columns_out_of_order_end() -> None:
    data = json.dumps({"sources": ["a", "b"], "mappings": "kCAAA,zBCAA,A;;;"}).encode()
    found = divide(b"x" * 50, data)
    assert found is not None
    assert sum(found.sizes().values()) == 50


def test_growth_names_what_grew_and_its_cost(tmp_path: Path) -> None:
    history = History(tmp_path / "r.git")
    noise = random.Random(1)
    app, large = ("".join(noise.choices("abcdefghijklmnop", k=size)) for size in (40_000, 60_000))
    old, old_map = bundle([("../src/app.js", app)])
    new, new_map = bundle([("../src/app.js", app), ("../node_modules/large/index.js", large)])
    policy = '[[bundle.artifact]]\nname = "web"\nglobs = ["dist/*.js"]\n'
    report = history.step(
        {"gatepost.toml": policy, "dist/a-11111111.js": old, "dist/a-11111111.js.map": old_map},
        {
            "dist/a-11111111.js": None,
            "dist/a-11111111.js.map": None,
            "dist/a-22222222.js": new,
            "dist/a-22222222.js.map": new_map,
        },
    )
    entry = report.sections["bundle"]["artifacts"][0]
    (module,) = entry["modules"]
    delta = entry["after"]["gzip"] - entry["before"]["gzip"]
    assert (module["package"], module["before"], module["after"]) == ("large", 0, 60_000)
    assert abs(module["gzip"] - delta) < 20
    assert "Modules: large +58.6 KiB" in report.findings[0].message

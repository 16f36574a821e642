"""Formats are found by their file's name without importing them all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gatepost import lockfiles
from gatepost.lockfiles import _files


def test_the_index_is_what_the_formats_say() -> None:
    names = sorted(path.stem for path in Path(lockfiles.__path__[0]).glob("[!_]*.py"))
    for name, form in zip(names, _files.formats(), strict=True):
        assert _files.told(name) == (form.files, form.companions)
        for file in (*form.files, *form.companions):
            if not set(file) & set("*?[{"):
                assert form in ([_files.format_of(file)] if file in form.files else _files.companions(file))


def test_a_format_whose_source_is_not_there_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "go_mod.py").write_text("FORMAT = Format(\n    files=NAMES,\n    companions=(*SUMS,),\n)\n")
    monkeypatch.setattr(lockfiles, "__path__", [str(tmp_path), *lockfiles.__path__])
    assert _files.told("go_mod") == (("go.mod",), ("go.sum",))
    assert _files.told("uv_lock") == (("uv.lock", "*.py.lock"), ())


def test_one_lock_imports_one_format() -> None:
    code = (
        "import sys; from gatepost.lockfiles._files import format_of; print(format_of('a/Cargo.lock').name);"
        "print(*sorted(m for m in sys.modules if m.startswith('gatepost.lockfiles.') and '._' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cargo", "gatepost.lockfiles.cargo_lock"]

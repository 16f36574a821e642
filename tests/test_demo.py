"""The demo is the end-to-end test: the installed program, real commits, real pushes, a real service."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_whole_story() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [Path(sys.executable).parent / "gatepost", "demo"], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "regressed: errors" in done.stdout
    assert "All 8 steps did what they say" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert time.monotonic() - started < 90  # 60 s on an idle machine

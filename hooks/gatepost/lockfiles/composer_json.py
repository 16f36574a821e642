"""composer.json: what a PHP project asks for."""

from __future__ import annotations

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import json_of, string, table


def is_platform(name: str) -> bool:
    """Tell PHP itself, its extensions and libraries of the system from packages, which have a vendor.

    A vendor may be called as the platform is: php-http/discovery, composer/composer.
    """
    return "/" not in name


def read(file: File) -> Lock:
    """Read ``require`` and ``require-dev``, without what the platform provides."""
    data = json_of(file.raw, bom=True)
    declared = []
    for key, scope in (("require", "prod"), ("require-dev", "dev")):
        value = data.get(key)
        for name, asked in table(value or None, key).items():
            if not is_platform(name):
                declared.append(Declared(name.lower(), string(asked, f"{key}.{name}"), scope))
    return Lock(declared=declared, application=bool(declared) and data.get("type") == "project")


FORMAT = Format(
    name="composer.json",
    ecosystem="composer",
    files=("composer.json",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f'"{name}"', f'"{name}"'.replace("/", "\\/")),
)

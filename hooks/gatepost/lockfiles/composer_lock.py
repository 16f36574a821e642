"""composer.lock: packages and packages-dev, pinned by version and by the commit they were built from."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, host_of, json_of, local, string, table
from gatepost.lockfiles.composer_json import is_platform

HOSTED = ("api.github.com", "codeload.github.com", "github.com", "gitlab.com", "bitbucket.org", "ftp.drupal.org")


def read(file: File) -> Lock:
    """Read both lists of packages."""
    data = json_of(file.raw)
    if "packages" not in data:
        raise Unreadable("has no packages, so it is no composer.lock")
    lists = (("packages", "prod"), ("packages-dev", "dev"))
    entries = [(table(e, key), scope) for key, scope in lists for e in array(data.get(key), key)]
    names: dict[str, str] = {}
    for entry, _ in entries:
        name = string(entry.get("name"), "the name of a package").lower()
        if name in names:
            raise Unreadable(f"has the package {name[:80]!r} twice")
        names[name] = name
        for group in ("provide", "replace"):
            for other in table(entry.get(group) or None, group):
                names.setdefault(other.lower(), name)
    return Lock([_pin(entry, scope, names) for entry, scope in entries])


def _pin(entry: dict[str, Any], scope: str, names: dict[str, str]) -> Pin:
    name = entry["name"].lower()
    version = string(entry.get("version"), f"the version of {name}")
    wanted = table(entry.get("require") or None, f"what {name} requires")
    requires = tuple(names[other.lower()] for other in wanted if not is_platform(other) and other.lower() in names)
    dist, source = (table(entry.get(key) or None, f"{key} of {name}") for key in ("dist", "source"))
    reference = str(dist.get("reference") or source.get("reference") or "")
    if entry.get("type") == "metapackage":  # holds no code, whatever it points to (roave/security-advisories)
        return Pin(name, name, version, _source(entry, dist, source), (), requires, scope)
    if dist.get("type") == "path":
        return Pin(name, name, version, local(str(dist.get("url", ""))), (), requires, scope, True)
    if version.startswith("dev-") or version.endswith("-dev"):
        source_name = _source(entry, dist, source)
        if source_name.startswith("registry:"):
            return Pin(name, name, version, f"{source_name}#{reference}", (), requires, scope)
        return Pin(
            name, name, version, git(str(source.get("url") or dist.get("url") or ""), reference), (), requires, scope
        )
    hashes = [f"sha1:{dist['shasum']}"] if dist.get("shasum") else []
    # A tag that points elsewhere is other code under the same version.
    hashes += [f"commit:{reference}"] if reference else []
    return Pin(name, name, version, _source(entry, dist, source), tuple(hashes), requires, scope)


def _source(entry: dict[str, Any], dist: dict[str, Any], source: dict[str, Any]) -> str:
    url = str(dist.get("url") or "")
    host = host_of(url) if url else ""
    listed = host_of(str(entry.get("notification-url") or ""))
    if not url:
        return git(str(source["url"])) if source.get("url") else ""
    if listed == "packagist.org" and host in HOSTED:
        return "registry:packagist.org"
    if host in HOSTED and source.get("url"):
        return git(str(source["url"]))
    return f"registry:{host}" if listed and listed == host else archive(url)


FORMAT = Format(
    name="composer",
    ecosystem="composer",
    files=("composer.lock",),
    read=read,
    manifests=("composer.json",),
    needles=lambda name, _version: (f'"name": "{name}"', f'"{name}"'),
)

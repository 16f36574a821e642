"""Project files of .NET: PackageReference, and the versions that are managed centrally."""

from __future__ import annotations

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._xml import plain, root_of, text


def read(file: File) -> Lock:
    """Read references (declared) and central versions (expected)."""
    declared, expected = [], {}
    for element in root_of(file.raw).iter():
        kind, name = plain(element.tag), element.get("Include") or element.get("Update") or ""
        if kind not in ("PackageReference", "PackageVersion", "GlobalPackageReference") or not name:
            continue
        version = element.get("Version") or text(element, "Version") or element.get("VersionOverride") or ""
        private = (element.get("PrivateAssets") or text(element, "PrivateAssets")).lower() == "all"
        if kind == "PackageVersion":
            expected[name] = version
            declared.append(Declared(name, version, "override"))
        else:
            declared.append(Declared(name, version, "build" if private else "prod"))
    return Lock(declared=declared, expectations=expected)


FORMAT = Format(
    name="csproj",
    ecosystem="nuget",
    files=("*.csproj", "*.fsproj", "*.vbproj", "Directory.Packages.props"),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f'"{name}"',),
)

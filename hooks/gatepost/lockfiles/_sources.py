"""Tell whether a package comes from somewhere else than before, and whether its hashes still agree."""

from __future__ import annotations

from collections.abc import Collection, Iterable

# Hosts of one registry are one place: npm and yarn mirror each other, an index names its file host.
REGISTRIES: dict[str, frozenset[str]] = {
    "npm": frozenset(("registry.npmjs.org", "registry.yarnpkg.com", "registry.npmjs.com")),
    "pypi": frozenset(("pypi.org", "files.pythonhosted.org", "pypi.python.org")),
    "cargo": frozenset(("crates.io", "index.crates.io", "static.crates.io", "github.com/rust-lang/crates.io-index")),
    "gem": frozenset(("rubygems.org", "index.rubygems.org")),
    "composer": frozenset(("packagist.org", "repo.packagist.org")),
    "golang": frozenset(("proxy.golang.org",)),
    "maven": frozenset(("repo.maven.apache.org", "repo1.maven.org")),
    "nuget": frozenset(("api.nuget.org", "www.nuget.org")),
    "hex": frozenset(("hex.pm", "repo.hex.pm")),
    "pub": frozenset(("pub.dev", "pub.dartlang.org")),
    "terraform": frozenset(("registry.terraform.io",)),
}
DEFAULT = "registry"


def place(ecosystem: str, source: str) -> str:
    """Reduce a source to the place that it names: the commit, the file and a known mirror do not count."""
    kind, _, where = source.partition("#")[0].partition(":")
    if not source or (kind == "registry" and where in REGISTRIES.get(ecosystem, ())):
        return DEFAULT
    if kind in ("git", "registry"):
        return f"{kind}:{where}"
    return "url:" + host(source) if kind == "url" else source


def host(source: str) -> str:
    """Give the host of a source, "" for a path or the ecosystem's own registry."""
    kind, _, where = source.partition(":")
    where = where.partition("://")[2] or where
    return "" if kind in ("path", "") else where.partition("/")[0].partition("#")[0]


def moved(ecosystem: str, old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """Give the new sources whose place no old one has; a file that does not say moves nothing."""
    before = {place(ecosystem, source) for source in old}
    return tuple(sorted({source for source in new if source and place(ecosystem, source) not in before}))


def repointed(old: Iterable[str], new: Iterable[str]) -> bool:
    """Tell whether one and the same place is read at another commit or file."""
    before, after = ({s for s in side if "#" in s or s.startswith("url:")} for side in (old, new))
    return bool(before and after and before != after)


def integrity(old: Collection[str], new: Collection[str]) -> str:
    """Name what happened to the hashes of one version: grown, shrunk, algorithm, appeared, vanished, replaced, or "".

    Only the last two matter: files are added to a release and trimmed from locks, and tools move to
    other algorithms, but no tool drops all hashes or meets others for the same file.
    """
    before, after = {_plain(h) for h in old}, {_plain(h) for h in new}
    if before == after:
        return "" if set(old) == set(new) else "format"
    if not before or not after:
        return "vanished" if before else "appeared"
    if before & after:
        return "grown" if after > before else "shrunk" if after < before else "overlapping"
    kinds = {h.partition(":")[0] for h in before} & {h.partition(":")[0] for h in after}
    return "replaced" if kinds else "algorithm"


def _plain(value: str) -> str:
    """Write a hash as ``algorithm:digits``, whatever the format separates them with."""
    head, sep, tail = value.replace("-", ":", 1).partition(":")
    if sep:
        return f"{head.lower()}:{tail}"
    return {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}.get(len(value), "") + ":" + value

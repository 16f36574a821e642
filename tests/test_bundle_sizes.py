"""Sizes of committed artifacts: what is measured, matched, and judged."""

from __future__ import annotations

import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from _bundle import History, rules
from gatepost.bundles import Artifact, Bundle, Figure
from gatepost.bundles._masks import groups, masks
from gatepost.bundles._weigh import compressor, weigh
from gatepost.git import Repository
from gatepost.policy import Percent, Size

POLICY = """
[[bundle.artifact]]
name = "web"
globs = ["dist/**/*.js"]
loads = "initial"
"""


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r.git")


def gz(data: bytes) -> int:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return len(packer.compress(data) + packer.flush())


def test_a_large_step_blocks_and_says_both_figures(history: History) -> None:
    old, new = noise(100_000), noise(100_000) + noise(20_000, 2)
    report = history.step({"gatepost.toml": POLICY, "dist/app.js": old}, {"dist/app.js": new})
    assert rules(report) == ["bundle/growth"]
    assert report.verdict == "block"
    (finding,) = report.findings
    assert finding.path == "dist/app.js"
    assert finding.data["name"] == "web"
    assert finding.data["before"] == {"raw": 100_000, "gzip": gz(old), "compressor": compressor("gzip")}
    assert finding.data["after"] == {"raw": 120_000, "gzip": gz(new), "compressor": compressor("gzip")}
    assert "+20.0%" in finding.message
    (entry,) = report.sections["bundle"]["artifacts"]
    assert {key: entry[key] for key in ("name", "path", "before", "after")} == dict(finding.data)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1_000_000, 1_050_000, False),  # exactly the share
        (1_000_000, 1_050_001, True),
        (100_000, 110_239, False),  # 10 %, but under the floor and under three times the share
        (100_000, 110_241, True),
        (20_000, 23_001, True),  # 15 % and 2 KiB
        (20_000, 23_000, False),
        (5_000, 7_000, False),  # 40 %, but under 2 KiB
        (5_000, 7_049, True),
        (100_000, 50_000, False),
    ],
)
def test_thresholds(before: int, after: int, expected: bool) -> None:
    figures = Figure(before * 3, before, "zlib"), Figure(after * 3, after, "zlib")
    assert Artifact("a", ("x",)).exceeded(*figures) is expected


def test_the_second_threshold_follows_what_the_policy_says() -> None:
    relaxed = Artifact("a", ("x",), growth=Percent(0.5), floor=Size(100 * 1024))
    assert not relaxed.exceeded(Figure(0, 20_000, "z"), Figure(0, 30_000, "z"))


def test_gzip_decides_where_raw_rises_and_gzip_falls(history: History) -> None:
    report = history.step(
        {"gatepost.toml": POLICY, "dist/app.js": noise(60_000)},
        {"dist/app.js": noise(50_000) + b"a" * 100_000},
    )
    assert rules(report) == []
    (entry,) = report.sections["bundle"]["artifacts"]
    assert entry["after"]["raw"] > entry["before"]["raw"]
    assert entry["after"]["gzip"] < entry["before"]["gzip"]


def test_a_limit_is_held_and_a_step_towards_it_passes(history: History) -> None:
    policy = POLICY + 'limit = "10 KiB"\ngrowth = "100%"\n'
    base = history.commit({"gatepost.toml": policy, "dist/app.js": noise(10_000)})
    over = history.commit({"dist/app.js": noise(19_000)})
    report = history.report(base, over)
    assert rules(report) == ["bundle/over-budget"]
    assert report.verdict == "block"
    smaller = history.commit({"dist/app.js": noise(15_000)})
    report = history.report(over, smaller)
    assert rules(report) == ["bundle/over-budget"]
    assert report.verdict == "review"


def test_a_pushed_policy_cannot_raise_its_own_limit(history: History) -> None:
    policy = POLICY + 'limit = "10 KiB"\n'
    report = history.step(
        {"gatepost.toml": policy, "dist/app.js": noise(9_000)},
        {"gatepost.toml": policy.replace("10 KiB", "90 KiB"), "dist/app.js": noise(30_000)},
    )
    assert "bundle/over-budget" in rules(report)
    assert "bundle/growth" in rules(report)


def test_hashed_names_are_one_file(history: History) -> None:
    report = history.step(
        {"gatepost.toml": POLICY, "dist/app-DX3k9aBc.js": noise(50_000), "dist/vendor.4f2a9c01.js": noise(50_000, 2)},
        {
            "dist/app-DX3k9aBc.js": None,
            "dist/app-B1c2D3e4.js": noise(50_400),
            "dist/vendor.4f2a9c01.js": None,
            "dist/vendor.99ab12ef.js": noise(50_000, 3),
        },
    )
    assert rules(report) == []
    files = report.sections["bundle"]["artifacts"][0]["files"]
    assert [file["path"] for file in files] == ["dist/app-B1c2D3e4.js", "dist/vendor.99ab12ef.js"]
    assert all(file["before"] and file["after"] for file in files)


def test_masks_need_both_sides_and_sum_up() -> None:
    assert masks("dist/app-DX3k9a_b.js") == ("dist/app-<hash>.js",)
    assert masks("dist/app.ab12cd34.min.js") == ("dist/app.<hash>.min.js",)
    assert masks("dist/my-component.js") == ()
    assert masks("d/4f2a9c01d2.chunk.js") == ("d/<hash>.chunk.js",)
    named = groups(["a-11111111.js", "a-22222222.js", "same.js"], ["a-33333333.js", "same.js", "b-44444444.js"])
    assert named["a-11111111.js"] == named["a-22222222.js"] == named["a-33333333.js"] == "a-<hash>.js"
    assert named["b-44444444.js"] == "b-44444444.js"
    assert groups(["x-abc.js"], ["x-xyz.js"], ["x-<hash>.js"])["x-abc.js"] == "x-<hash>.js"


def test_a_rename_by_a_new_bundler_is_not_new(history: History) -> None:
    policy = POLICY.replace("dist/**/*.js", "dist/index.*js")
    report = history.step(
        {"gatepost.toml": policy, "dist/index.js": noise(90_000)},
        {"dist/index.js": None, "dist/index.cjs": noise(90_500)},
    )
    assert rules(report) == []


def test_a_glob_that_matches_nothing_is_said(history: History) -> None:
    policy = POLICY.replace("dist/**/*.js", "build/*.js")
    report = history.step({"gatepost.toml": policy}, {"gatepost.toml": policy + "\n# touched\n"})
    assert rules(report) == ["bundle/unmeasured"]
    assert report.verdict == "review"
    assert "build/*.js" in report.findings[0].message


def test_an_artifact_that_vanishes_is_said(history: History) -> None:
    report = history.step({"gatepost.toml": POLICY, "dist/app.js": "x"}, {"dist/app.js": None})
    assert rules(report) == ["bundle/unmeasured"]
    assert report.findings[0].path == "dist/app.js"
    assert "before, 1 files matched" in report.findings[0].message


def test_a_first_figure_has_no_growth(history: History) -> None:
    report = history.step({"gatepost.toml": POLICY}, {"dist/app.js": noise(500_000)})
    assert rules(report) == []
    assert report.sections["bundle"]["artifacts"][0]["before"] is None


def test_dist_directories_are_found_without_a_policy(history: History) -> None:
    report = history.step(
        {"action/dist/index.js": noise(100_000), "README.md": "x"},
        {"action/dist/index.js": noise(100_000) + noise(50_000, 2), "README.md": "y"},
    )
    assert rules(report) == ["bundle/growth"]
    assert report.findings[0].data["name"] == "action/dist"


def test_other_changes_do_not_concern_the_check(history: History) -> None:
    report = history.step({"gatepost.toml": POLICY, "dist/app.js": "x"}, {"README.md": "y"})
    assert report.sections["bundle"] == {"artifacts": [], "reachable": {"new": [], "gone": []}}


def test_unchanged_artifacts_read_no_blob(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    other = POLICY + POLICY.replace('"web"', '"docs"').replace("dist/", "site/")
    base = history.commit({"gatepost.toml": other, "dist/app.js": noise(5000), "site/a.js": noise(6000, 2)})
    head = history.commit({"site/a.js": noise(6100, 2)})
    read: list[str] = []
    original = Repository.stream
    monkeypatch.setattr(Repository, "stream", lambda self, oid, size: read.append(oid) or original(self, oid, size))
    report = history.report(base, head)
    assert len(set(read)) == 2
    web = next(entry for entry in report.sections["bundle"]["artifacts"] if entry["name"] == "web")
    assert web["before"] == web["after"] == {"raw": 5000, "gzip": None, "compressor": "none"}
    read.clear()
    history.report(base, head)
    assert read == []


def test_a_damaged_cache_is_begun_again(history: History) -> None:
    base = history.commit({"gatepost.toml": POLICY, "dist/app.js": noise(50_000)})
    head = history.commit({"dist/app.js": noise(90_000)})
    first = history.report(base, head)
    cache = history.path / "gatepost" / "bundle-cache.sqlite"
    for damage in (b"no database at all" * 100, cache.read_bytes()[:4096] + b"\xff" * 8192):
        cache.write_bytes(damage)
        assert history.report(base, head).sections == first.sections


def test_compression_can_be_off(history: History) -> None:
    policy = '[[bundle.artifact]]\nname="wheel"\nglobs=["out/*.whl"]\ncompression="none"\n'
    report = history.step(
        {"gatepost.toml": policy, "out/a-1.0.whl": b"a" * 100_000},
        {"out/a-1.0.whl": None, "out/a-1.1.whl": b"a" * 150_000},
    )
    assert rules(report) == ["bundle/growth"]
    assert report.findings[0].data["after"] == {"raw": 150_000, "gzip": None, "compressor": "none"}


@pytest.mark.parametrize(("name", "module"), [("brotli", "brotli"), ("zstd", "backports.zstd")])
def test_other_compressors_are_extras(history: History, name: str, module: str) -> None:
    policy = POLICY + f'compression = "{name}"\n'
    files = {"gatepost.toml": policy, "dist/app.js": b"abc" * 9_000}, {"dist/app.js": b"abc" * 9_000 + noise(30_000)}
    pytest.importorskip(module)
    report = history.step(*files)
    assert rules(report) == ["bundle/growth"]
    after = report.findings[0].data["after"]
    assert after["compressor"].startswith(f"{name}/")
    assert 30_000 < after["gzip"] < 30_200
    assert f"%) {name}," in report.findings[0].message


def test_a_compressor_that_is_not_installed_is_no_pass(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    report = history.step({"gatepost.toml": POLICY + 'compression = "brotli"\n'}, {"dist/app.js": "x"})
    assert report.verdict == "unknown"
    assert [skip.reason for skip in report.skipped if skip.fatal] == [
        "the compressor brotli is not installed; pip install 'gatepost[brotli]', or set compression to \"gzip\""
    ]


def test_a_symlink_has_no_size(history: History) -> None:
    base = history.commit({"gatepost.toml": POLICY, "dist/app.js": "x"})
    head = history.commit({"dist/evil.js": ("120000", b"app.js")})
    report = history.report(base, head)
    assert rules(report) == ["bundle/unmeasured"]
    assert "a symlink" in report.findings[0].message


def test_a_pointer_of_git_lfs_stands_for_its_file(history: History) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize {}\n"
    report = history.step(
        {"gatepost.toml": POLICY, "dist/app.js": pointer.format(100_000)}, {"dist/app.js": pointer.format(200_000)}
    )
    assert rules(report) == ["bundle/growth"]


def test_weighing_in_pieces_is_weighing_whole() -> None:
    data = noise(10_000) + b"abc" * 10_000
    assert weigh(data[at : at + 777] for at in range(0, len(data), 777)) == Figure(40_000, gz(data), compressor("gzip"))


def test_policy_defaults_need_nothing() -> None:
    assert Bundle().artifact == ()


@pytest.mark.slow
def test_a_hundred_megabytes_stay_out_of_memory(tmp_path: Path) -> None:
    history = History(tmp_path / "r.git")
    history.commit({"gatepost.toml": POLICY.replace("*.js", "*.tar")})
    # Text, because git maps a loose object into memory: pages of the file would count as its own.
    piece = b"".join(b"%06d const value%d = compute(%d);\n" % (n, n % 97, n * 7919) for n in range(30_000))
    piece = (piece * 2)[: 1024 * 1024]
    big = tmp_path / "big.tar"
    with big.open("wb") as file:
        for _ in range(100):
            file.write(piece)
    oid = history.git("hash-object", "-w", str(big))
    code = (
        "import resource, sys; from gatepost.git import Repository; from gatepost.bundles._weigh import weigh\n"
        f"repo = Repository({str(history.path)!r}); figure = weigh(repo.stream({oid!r}, 100 << 20)); repo.close()\n"
        "git = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        # Linux hands ru_maxrss on through exec: it would be that of pytest.
        "status = open('/proc/self/status').read() if sys.platform == 'linux' else ''\n"
        "peak = status.partition('VmHWM:')[2].split()[:1]\n"
        "own = int(peak[0]) if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(figure.raw, own, git)\n"
    )
    raw, own, git = map(
        int, subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.split()
    )
    unit = 1024 if sys.platform == "darwin" else 1
    assert raw == 100 << 20
    assert (own + git) / unit < 100 * 1024, (own, git)

"""A real Prometheus: what only it can show. Native histograms need its protobuf exposition."""

from __future__ import annotations

import random
import shutil
import time
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest

from _prometheus import PROTOBUF, SCRAPE, counter, native, prometheus
from conftest import Repo
from gatepost.metrics import SourceError, Verification
from gatepost.metrics.prometheus import PrometheusReader
from gatepost.policy import Duration
from gatepost.watch import arrival
from gatepost.watch.baseline import build
from gatepost.watch.counts import reduce
from gatepost.watch.judge import Known, assess
from gatepost.watch.model import Watch

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("prometheus"), reason="Debian's prometheus is not installed"),
]
PLAN = Verification(source="prometheus", scrape=Duration(SCRAPE), selector='job="web"')


def test_native_histograms(tmp_path: Path) -> None:
    """Spans as the server stores them; a service that becomes twice as slow is found, one that does not is not."""
    chance = random.Random(1)
    good, bad, requests = list[float](), list[float](), 0
    with prometheus(tmp_path, "--enable-feature=native-histograms") as (address, exporter):
        exporter.kind = PROTOBUF

        def show(slower: float) -> None:
            nonlocal requests
            requests += 200
            good.extend(slower * exp(chance.gauss(-2.5, 0.5)) for _ in range(199))
            bad.append(30.0)
            exporter.body = native(
                "http_request_duration_seconds",
                [({"code": "200", "handler": "/a"}, good), ({"code": "503", "handler": "/a"}, bad)],
            ) + counter("http_requests_total", [({"code": "200", "handler": "/a"}, requests)])
            exporter.wait()

        for _ in range(3):
            show(1.0)
        began, before = time.time(), len(good)
        for _ in range(8):
            show(1.0)
        middle, between = time.time(), len(good)
        for _ in range(4):
            show(2.0)
        time.sleep(SCRAPE / 2)
        end, after = time.time(), len(good)
        reader = PrometheusReader(replace(PLAN, url=address))
        windows = reader.read(began, end, SCRAPE)
    # The failed answers, which take 30 s, are not among the response times.
    assert max(bound for w in windows for bound in w.buckets if bound != float("inf")) < 5
    counted = sum(w.timed for w in windows)
    assert after - before - 400 <= counted <= after - before + 400
    base = build([w for w in windows if w.end <= middle], "before")
    assert base.timed >= (between - before) / 2
    polls = [reduce(w, base.shape) for w in windows if w.start > middle + SCRAPE / 2]
    assert {(s.name, s.level) for s in assess(base, polls, Known()).signals} == {("latency", "regressed")}
    same = [reduce(w, base.shape) for w in windows if w.end <= middle]
    assert assess(base, same, Known()).signals == ()


def test_a_new_version_label_is_the_deploy(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "server.git", bare=True)
    old, new = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    repo.git("tag", "v2.0", new)

    def asked(settings: Verification, pushed: float) -> float | None:
        watch = Watch("w", new, "refs/heads/main", "s", pushed, "waiting", settings)
        return arrival.happened(watch, repo.path, time.time())

    with prometheus(tmp_path) as (address, exporter):
        plan = replace(PLAN, url=address, begin="label")

        def show(**versions: str) -> None:
            exporter.text("".join(f'{name}_info{{version="{value}"}} 1\n' for name, value in versions.items()))

        show(by_id=old[:10], by_number="41")
        exporter.wait(3)
        pushed = time.time()
        only = replace(plan, version_metric="by_id_info")
        numbered = replace(plan, version_metric="by_number_info")
        exporter.wait(2)
        assert asked(plan, pushed) is None
        assert asked(only, pushed) is None
        assert asked(numbered, pushed) is None
        show(by_id="deadbeef12", by_number="41")  # somebody else's
        exporter.wait(2)
        assert asked(only, pushed) is None
        deployed = time.time()
        show(by_id=new[:10], by_number="42", by_tag="2.0", by_name="shop-1.2")
        exporter.wait(3)
        for settings in (plan, only, numbered, replace(plan, version_metric="by_tag_info")):
            begun = asked(settings, pushed)
            assert begun is not None
            assert deployed - 3 <= begun <= deployed + 1
        assert asked(replace(plan, version_label="nothing"), pushed) is None
        with pytest.raises(SourceError, match="answered 400"):
            asked(replace(plan, version_label="no label"), pushed)

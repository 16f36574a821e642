"""What production reaches: test code, lazy and initial, aliases, workspaces, and the cost of a change."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from _bundle import History, rules
from conftest import Files
from gatepost.git import Repository
from gatepost.model import Report

POLICY = '[bundle]\nentries = ["src/main.tsx"]\n[bundle.aliases]\n"@/*" = "src/*"\n'


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r.git")


def new(report: Report) -> dict[str, dict[str, Any]]:
    found = report.sections["bundle"]["reachable"]["new"]
    return {entry.get("path") or "pkg:" + entry["package"]: entry for entry in found}


BASE: Files = {
    "gatepost.toml": POLICY,
    "package.json": '{"name": "app", "dependencies": {"react": "^18"}}',
    "src/main.tsx": 'import React from "react"\nimport { date } from "@/util/date"\nimport("./lazy")\n',
    "src/util/date.ts": 'import { defaults } from "./defaults.js"\nexport const date = 1\n',
    "src/util/defaults.ts": "export const defaults = {}\n",
    "src/lazy.ts": 'import xlsx from "xlsx"\nexport default xlsx\n',
    "src/__fixtures__/users.json": "[]",
    "src/util/date.test.ts": 'import { faker } from "@faker-js/faker"\nimport "./date"',
}


def test_a_fixture_in_production_is_named_with_its_chain(history: History) -> None:
    report = history.step(
        BASE,
        {"src/util/defaults.ts": '// new\nimport users from "../__fixtures__/users.json"\nexport { users }\n'},
    )
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.verdict == "block"
    (finding,) = report.findings
    assert (finding.path, finding.line) == ("src/util/defaults.ts", 2)
    chain = ["src/main.tsx", "src/util/date.ts", "src/util/defaults.ts", "src/__fixtures__/users.json"]
    assert finding.data["path"] == "src/__fixtures__/users.json"
    assert finding.data["chain"] == chain
    assert finding.data["initial"] is True
    assert finding.data["edge"] == {"from": "src/util/defaults.ts", "to": "src/__fixtures__/users.json", "line": 2}
    assert new(report)["src/__fixtures__/users.json"]["chain"] == chain


def test_the_new_import_is_named_where_a_whole_path_is_new(history: History) -> None:
    report = history.step(
        {
            **BASE,
            "src/helpers.ts": 'import "./mocks/server"\n',
            "src/mocks/server.ts": 'import "msw"\nimport "./more"\n',
            "src/mocks/more.ts": "",
        },
        {"src/util/date.ts": 'import { defaults } from "./defaults.js"\nimport "../helpers"\n'},
    )
    assert rules(report) == ["bundle/test-code-reachable"]
    (finding,) = report.findings
    assert (finding.path, finding.line) == ("src/util/date.ts", 2)
    assert finding.data["path"] == "src/mocks/server.ts"
    assert finding.data["chain"] == ["src/main.tsx", "src/util/date.ts", "src/helpers.ts", "src/mocks/server.ts"]


def test_the_last_new_import_is_named_where_there_are_several(history: History) -> None:
    report = history.step(
        BASE,
        {"src/util/date.ts": 'import "../helpers"\n', "src/helpers.ts": '\nimport "./__fixtures__/users.json"\n'},
    )
    (finding,) = report.findings
    assert (finding.path, finding.line) == ("src/helpers.ts", 2)


def test_a_testing_package_in_production(history: History) -> None:
    report = history.step(BASE, {"src/util/defaults.ts": 'import { faker } from "@faker-js/faker"\n'})
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.findings[0].data["package"] == "@faker-js/faker"
    assert new(report)["pkg:@faker-js/faker"]["initial"] is True


def test_types_and_tests_are_no_production(history: History) -> None:
    report = history.step(
        BASE,
        {
            "src/util/defaults.ts": 'import type { U } from "../__fixtures__/users"\nexport const defaults = {}\n',
            "src/util/date.test.ts": 'import { faker } from "@faker-js/faker"\nimport "vitest"\n',
            "src/other.ts": 'import "./__fixtures__/users.json"\n',
        },
    )
    assert rules(report) == []
    assert report.sections["bundle"]["reachable"] == {"new": [], "gone": []}


def test_what_was_reachable_before_is_not_said_again(history: History) -> None:
    base = {**BASE, "src/util/defaults.ts": 'import "../__fixtures__/users.json"\n'}
    report = history.step(
        base, {"src/util/defaults.ts": 'import "../__fixtures__/users.json"\nexport const more = 1\n'}
    )
    assert rules(report) == []


def test_a_policy_can_allow_and_extend(history: History) -> None:
    policy = '[bundle]\nentries = ["src/main.tsx"]\nallow = ["src/__fixtures__/**"]\n'
    policy += 'test_paths = ["src/demo/**"]\ntest_packages = ["chance"]\n'
    report = history.step(
        {**BASE, "gatepost.toml": policy, "src/main.tsx": "", "src/demo/a.ts": ""},
        {"src/main.tsx": 'import "./__fixtures__/users.json"\nimport "./demo/a"\nimport "chance"\n'},
    )
    assert [finding.data.get("path") or finding.data["package"] for finding in report.findings] == [
        "src/demo/a.ts",
        "chance",
    ]


def test_a_mock_behind_a_test_for_development_is_a_note(history: History) -> None:
    report = history.step(
        {**BASE, "src/mocks/browser.ts": ""},
        {"src/lazy.ts": 'if (process.env.NODE_ENV === "development") { await import("./mocks/browser") }\n'},
    )
    assert [(f.rule.id, f.effective_level) for f in report.findings] == [("bundle/test-code-reachable", "note")]


def test_lazy_that_became_initial(history: History) -> None:
    report = history.step(BASE, {"src/util/defaults.ts": 'import "../lazy"\nexport const defaults = {}\n'})
    assert rules(report) == ["bundle/lazy-became-initial"]
    assert report.verdict == "block"
    (finding,) = report.findings
    assert finding.data["package"] == "xlsx"
    assert finding.data["chain"] == ["src/main.tsx", "src/util/date.ts", "src/util/defaults.ts", "src/lazy.ts", "xlsx"]
    assert finding.data["edge"] == {"from": "src/util/defaults.ts", "to": "src/lazy.ts", "line": 1}


def test_a_small_file_that_became_initial_only_warns(history: History) -> None:
    base = {**BASE, "src/lazy.ts": "export default 1\n"}
    report = history.step(base, {"src/main.tsx": 'import "./lazy"\nimport { date } from "@/util/date"\n'})
    assert [(f.rule.id, f.effective_level) for f in report.findings] == [("bundle/lazy-became-initial", "warning")]


def test_static_chains_are_not_taken_through_dynamic_imports(history: History) -> None:
    base = {
        **BASE,
        "src/main.tsx": 'import("./lazy")\nimport "./a"\n',
        "src/a.ts": "",
        "src/lazy.ts": 'import "./deep"\n',
        "src/deep.ts": "x" * 20_000,
    }
    report = history.step(base, {"src/a.ts": 'import "./deep"\n'})
    assert report.findings[0].data["chain"] == ["src/main.tsx", "src/a.ts", "src/deep.ts"]


def test_new_and_gone_packages_are_listed(history: History) -> None:
    report = history.step(
        BASE,
        {
            "src/util/defaults.ts": 'import "lodash/fp"\nimport "node:fs"\nimport "@mui/material/Button"\n',
            "src/lazy.ts": "",
        },
    )
    assert rules(report) == []
    assert set(new(report)) == {"pkg:lodash", "pkg:@mui/material"}
    assert [entry["package"] for entry in report.sections["bundle"]["reachable"]["gone"]] == ["xlsx"]


def test_entries_are_detected(history: History) -> None:
    base = {
        "web/package.json": '{"name": "web"}',
        "web/index.html": '<script type="module" src="/src/start.ts"></script>',
        "web/src/start.ts": 'import "./a"\n',
        "web/src/a.ts": "",
        "web/src/fixtures/big.json": "{}",
    }
    report = history.step(base, {"web/src/a.ts": 'import "./fixtures/big.json"\n'})
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.findings[0].data["chain"][0] == "web/index.html"


def test_what_is_built_is_no_entry(history: History) -> None:
    base = {
        "package.json": '{"name": "action", "main": "dist/index.js"}',
        "dist/index.js": 'require("./other.js")\n' + "x" * 5_000_000,
        "src/main.ts": 'import "./a"\n',
        "src/a.ts": "",
    }
    report = history.step(base, {"src/a.ts": 'import "nock"\n', "dist/index.js": "y" * 5_000_000})
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.findings[0].data["chain"] == ["src/main.ts", "src/a.ts", "nock"]


def test_a_project_without_an_entry_is_not_followed_and_says_so(history: History) -> None:
    report = history.step({"package.json": "{}", "odd/place.ts": ""}, {"odd/place.ts": 'import "msw"\n'})
    assert [skip.reason for skip in report.skipped if skip.check == "bundle"] == [
        "no production entry is known for odd/place.ts; name it in bundle.entries of gatepost.toml"
    ]
    assert report.verdict == "pass"


def test_scripts_that_build_name_entries(history: History) -> None:
    base = {"package.json": '{"scripts": {"build": "ncc build -o dist/x src/restore.ts"}}', "src/restore.ts": ""}
    report = history.step(base, {"src/restore.ts": 'import "nock"\n'})
    assert rules(report) == ["bundle/test-code-reachable"]


def test_next_routes_are_entries(history: History) -> None:
    base = {
        "package.json": '{"dependencies": {"next": "16"}}',
        "app/shop/page.tsx": 'import x from "~/lib/x"\n',
        "lib/x.ts": "",
    }
    report = history.step(base, {"lib/x.ts": 'import { http } from "msw"\n'})
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.findings[0].data["chain"] == ["app/shop/page.tsx", "lib/x.ts", "msw"]


WORKSPACES: Files = {
    "gatepost.toml": '[bundle]\nentries = ["apps/web/src/main.ts"]\n',
    "package.json": '{"workspaces": ["apps/*", "packages/*"]}',
    "apps/web/package.json": '{"name": "web"}',
    "apps/web/tsconfig.json": '{"files": [], "references": [{"path": "./tsconfig.app.json"}], /* c */}',
    "apps/web/tsconfig.app.json": (
        '{"extends": "../../tsconfig.base.json", "compilerOptions": {"paths": {"#ui/*": ["./src/ui/*"],}}}'
    ),
    "tsconfig.base.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"shared": ["packages/shared/src"]}}}',
    "apps/web/src/main.ts": (
        'import "@acme/kit"\nimport "@acme/kit/button"\nimport "#ui/panel"\nimport "./dir"\n'
        'import "shared"\nimport "#own/x"\n'
    ),
    "apps/web/src/ui/panel.tsx": "",
    "apps/web/src/dir/index.ts": "",
    "packages/kit/package.json": (
        '{"name": "@acme/kit", "exports": {".": {"types": "./dist/index.d.ts", "import": "./dist/index.js"},'
        '"./*": "./src/*.ts"}}'
    ),
    "packages/kit/src/index.ts": 'export * from "./parts"\n',
    "packages/kit/src/parts.ts": "",
    "packages/kit/src/button.ts": "",
    "packages/shared/src/index.ts": "",
}  # fmt: skip


def test_workspaces_paths_and_exports(history: History) -> None:
    report = history.step(
        WORKSPACES,
        {
            path: f'import "p{number}"\n'
            for number, path in enumerate(
                (
                    "apps/web/src/ui/panel.tsx",
                    "apps/web/src/dir/index.ts",
                    "packages/kit/src/parts.ts",
                    "packages/kit/src/button.ts",
                    "packages/shared/src/index.ts",
                )
            )
        },
    )
    assert set(new(report)) == {"pkg:p0", "pkg:p1", "pkg:p2", "pkg:p3", "pkg:p4"}
    assert new(report)["pkg:p2"]["chain"] == [
        "apps/web/src/main.ts",
        "packages/kit/src/index.ts",
        "packages/kit/src/parts.ts",
        "p2",
    ]


def test_an_entry_that_is_not_there_is_said(history: History) -> None:
    report = history.step({"gatepost.toml": POLICY}, {"src/other.ts": "x"})
    assert rules(report) == ["bundle/unmeasured"]
    assert "src/main.tsx" in report.findings[0].message


def test_cycles_end(history: History) -> None:
    base = {**BASE, "src/util/defaults.ts": 'import "./date"\nimport "./defaults"\nimport "../main"\n'}
    assert rules(history.step(base, {"src/util/defaults.ts": 'import "./date"\n'})) == []


def test_a_generated_file_that_is_too_large_is_named(history: History) -> None:
    report = history.step(BASE, {"src/util/defaults.ts": "x" * (5 * 1024 * 1024)})
    assert rules(report) == ["bundle/unmeasured"]
    assert report.findings[0].path == "src/util/defaults.ts"


def test_an_added_file_that_takes_the_place_of_another_is_seen(history: History) -> None:
    base = history.commit({**BASE, "src/util/defaults.ts": 'import "./thing"\n', "src/util/thing/index.ts": ""})
    head = history.commit({"src/util/thing.ts": 'import "msw"\n'})
    history.report(base, base)
    report = history.report(base, head)
    assert rules(report) == ["bundle/test-code-reachable"]
    assert report.findings[0].data["chain"][-2:] == ["src/util/thing.ts", "msw"]


def test_what_is_kept_gives_the_same_answer(history: History) -> None:
    commits = [history.commit(BASE)]
    commits.append(history.commit({"README.md": "not looked at"}))
    commits.append(history.commit({"src/util/date.ts": 'import "./defaults"\nimport "dayjs"\n'}))
    commits.append(
        history.commit({"src/util/defaults.ts": None, "src/util/defaults/index.js": 'import "../../lazy"\n'})
    )
    commits.append(
        history.commit(
            {"package.json": '{"name": "app", "imports": {"#x": "./src/lazy.ts"}}', "src/main.tsx": 'import "#x"\n'}
        )
    )
    cache = history.path / "gatepost" / "bundle-cache.sqlite"
    steps = list(itertools.pairwise(commits))
    warm = [history.report(*step).sections for step in steps]
    for step, expected in zip(steps, warm, strict=True):
        cache.unlink(missing_ok=True)
        assert history.report(*step).sections == expected


def test_a_second_run_reads_no_source(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = history.commit(BASE), history.commit({"src/util/date.ts": 'import "dayjs"\n'})
    expected = history.report(base, head)
    with Repository(history.path) as repo:
        kind = type(repo.objects)
    original, read = kind.read, []
    monkeypatch.setattr(kind, "read", lambda self, oid, limit=0, path="": read.append(path) or original(self, oid))
    assert history.report(base, head).sections == expected.sections
    assert not [path for path in read if path.endswith((".ts", ".tsx"))]


def test_what_is_not_followed_is_named(history: History) -> None:
    policy = '[bundle]\nentries = ["web/src/main.js"]\n'
    config = "export default {\n  resolve: { alias: { '@': '/src' } },\n};\n"
    base = history.commit({"gatepost.toml": policy, "web/src/main.js": "a()\n", "web/vite.config.ts": config})
    head = history.commit({"web/src/main.js": "a();\nconst all = require.context('./pages', true);\n"})
    named = history.report(base, head).sections["bundle"]["reachable"]["uncertain"]
    assert [(each["path"], each["line"]) for each in named] == [("web/src/main.js", 2), ("web/vite.config.ts", 2)]
    said = history.commit(
        {"gatepost.toml": policy + '[bundle.aliases]\n"@/*" = "web/src/*"\n', "web/src/main.js": "b()"}
    )
    after = history.report(said, history.commit({"web/src/main.js": "c()"}))
    assert "uncertain" not in after.sections["bundle"]["reachable"]

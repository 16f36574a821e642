"""The pages of the rules on tests."""

from __future__ import annotations

from gatepost.model import Rule

REMOVED = Rule(
    "tests/assertion-removed",
    "warning",
    """A test is still there and no longer demands what it did. Blocks where it demands nothing at all any more.

    Why: a failing test turns green when its assertion goes; coverage stays at 100 % and CI has nothing to say.
    Nobody sees it unless the test before is compared with the test after.

    Instead: put the assertion back and mend the code. Where another test took it over, say so there:
    `gatepost: successor <old test>` in a comment in or above it.

    Fine when: the same assertion, or a stronger one on the same values, stands elsewhere in the push, or what it
    named is deleted from the product; both are seen and listed as explained. Else it needs a reviewed suppression.""",
)
LOOSENED = Rule(
    "tests/assertion-loosened",
    "warning",
    """An assertion accepts more than before: `==` became `in`, `>=`, truthy or `is not None`; the exception is wider;
    the message or the arguments are no longer compared.

    Why: the weaker assertion still passes when the behaviour that it guarded is broken.

    Instead: keep the exact assertion. If the exact value really varies, assert what is stable about it, in full.

    Fine when: the exact value is no part of the promise any more. Say so in the review.""",
)
TRIVIAL = Rule(
    "tests/assertion-trivial",
    "error",
    """An assertion was replaced by one that can never fail: a constant, a value compared with itself, `or True`.

    Why: the test runs, counts as coverage, and says nothing.

    Instead: put the assertion back, or delete the test and say why.

    Fine when: never as a replacement. A self-comparison that is only added, as in tests of `__eq__`, is no finding.""",
)
GUARDED = Rule(
    "tests/assertion-guarded",
    "warning",
    """An assertion now stands under a new condition, behind an early return, or in a `try` that swallows its failure.

    Why: where the condition does not hold, or the handler catches, the test passes without having checked anything.

    Instead: take the assertion out of the condition; split the test in two where two situations exist.

    Fine when: both branches assert, or the condition tells platforms, versions or environments apart (a note).""",
)
UNREACHABLE = Rule(
    "tests/assertion-unreachable",
    "warning",
    """An assertion is still written down and can never run: behind `return` or a skip, under `if False`, in a nested
    function that nobody calls. Blocks where it was the last one.

    Why: a reader sees the assertion and believes it; the runner never gets there.

    Instead: take away what stands before it.

    Fine when: never; a test that is not wanted is deleted, or skipped with a reason.""",
)
SKIPPED = Rule(
    "tests/test-skipped",
    "warning",
    """A test that ran before is skipped now, or is expected to fail.

    Why: a skipped test is a removed one that looks present. Skips that are meant for a day stay for years.

    Instead: mend the code or the test. If it fails on one platform only, skip it there: with a condition.

    Fine when: it is conditional (platform, version, missing tool): then it is a note.""",
)
UNCOLLECTED = Rule(
    "tests/not-collected",
    "error",
    """A test is still in the repository and the runner does not find it any more: renamed, moved to a file that is not
    collected, its class or mark changed, under `if False`, or replaced by a later definition of the same name.

    Why: the diff shows the test, the run does not miss it, and no tool counts.

    Instead: give it back a name and a place that the runner collects.

    Fine when: it became a helper that other tests call, or a base class; that is seen and listed as explained.""",
)
GONE = Rule(
    "tests/test-removed",
    "warning",
    """A test is gone, and nothing in the push explains it.

    Why: most deleted tests go together with the code that they tested; one that goes alone is often the one that
    failed.

    Instead: restore it, or name it in the test that took over: `gatepost: successor <old test>`.

    Fine when: the product code that it named is deleted, its assertions stand elsewhere, or a parametrised test covers
    it; all three are seen and listed as explained.""",
)
ROWS = Rule(
    "tests/cases-removed",
    "note",
    """A parametrised test has fewer rows than before.

    Why: each row is a test; the one that failed is easily dropped from the list.

    Instead: keep the row and mend the code.

    Fine when: the row moved to another test or named something that the product no longer has; that is seen.""",
)
TOLERANCE = Rule(
    "tests/tolerance-raised",
    "note",
    """A tolerance, a bound, a time limit or a number of retries is more generous than before.

    Why: a generous bound hides a slow or an inexact result, and a retry hides a race.

    Instead: find out why the old bound was not met.

    Fine when: the new bound is the one that was promised.""",
)
EXPECTED = Rule(
    "tests/expected-changed",
    "note",
    """The expected value of an assertion, or a snapshot, is another one now.

    Why: it is what every intended change of behaviour looks like, and what a bug that is written down as expected
    looks like too. It is listed so that a reviewer can tell the two apart; it never blocks.

    Instead: nothing, where the new value is the wanted one.

    Fine when: the change says that behaviour changes.""",
)
SELECTION = Rule(
    "tests/selection-narrowed",
    "warning",
    """The runner is told to run less, or to accept less: paths or tests left out, a lower threshold, a step or a target
    that runs tests removed, a failure ignored.

    Why: what does not run cannot fail. The tests themselves look untouched.

    Instead: put the selection back and mend what fails.

    Fine when: what is left out no longer exists, or another step runs it.""",
)
SUPPRESSION = Rule(
    "tests/suppression-added",
    "note",
    """Comments that silence a linter, a type checker or the coverage were added. A warning where
    one silences a whole file.

    Why: they are as good a way to get green as a removed assertion.

    Instead: mend what the tool says. If it is wrong, name the one rule that is wrong.

    Fine when: it names one rule, on one line, with a reason.""",
)
FOCUS = Rule(
    "tests/focus-added",
    "error",
    """A test is marked to run alone (`.only`, `fit`, `fdescribe`, `FIt`, `focus: true`).

    Why: the runner leaves out every other test of the file, or of the whole suite, and is green.

    Instead: take the mark away.

    Fine when: never in a commit; it is a tool for the desk.""",
)
UNREAD = Rule(
    "tests/not-analysed",
    "note",
    """A test file could not be compared, and the message says why. A warning where the file before the
    push could be read.

    Why: what could not be read may have been weakened.

    Instead: make it a regular file that parses, smaller than the limit; or raise `tests.max_file`.

    Fine when: the file uses syntax that is newer than the Python that gatepost runs on.""",
)

RULES: tuple[Rule, ...] = (
    FOCUS,
    REMOVED,
    LOOSENED,
    TRIVIAL,
    GUARDED,
    UNREACHABLE,
    SKIPPED,
    UNCOLLECTED,
    GONE,
    ROWS,
    TOLERANCE,
    EXPECTED,
    SELECTION,
    SUPPRESSION,
    UNREAD,
)

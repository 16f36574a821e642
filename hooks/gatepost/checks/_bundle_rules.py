"""What the bundle check can say."""

from __future__ import annotations

from gatepost.model import Rule

GROWTH = Rule(
    "bundle/growth",
    "error",
    """An artifact grew by more in one step than its thresholds allow.

    Why: every user pays for it on each visit, and the step is easy to undo only while it is one step.
    The default is more than 5 % and 10 KiB, or more than 15 % and 2 KiB, of the gzip size.

    Instead: look at what is new (the finding names files and, where it is known, the import that
    brought them in), load it lazily or import the part that is needed.

    Fine when: the growth is wanted: raise `growth` or `floor` of this artifact in a change of its own,
    which is reviewed as a loosened policy.""",
)
DRIFT = Rule(
    "bundle/drift",
    "warning",
    """An artifact has grown past its last accepted size in many small steps.

    Why: a hundred steps of a half percent pass every limit on single steps and still double the size.

    Instead: look at the steps since the accepted baseline and take back what is not needed.

    Fine when: the new size is what you want: approving the review makes it the new baseline.""",
)
OVER_BUDGET = Rule(
    "bundle/over-budget",
    "error",
    """An artifact is larger than its limit.

    Why: the limit is what was promised for slow networks and small devices.

    Instead: make it smaller, or load a part of it lazily.

    Fine when: the promise has changed: raise `limit` in a change of its own.""",
)
TEST_CODE = Rule(
    "bundle/test-code-reachable",
    "error",
    """Production code imports test code: a fixture, a mock, a story or a testing package.

    Why: it is shipped to every user, is often the largest part of a bundle, and can hold data that
    was never meant to leave the repository.

    Instead: move what production needs out of the test directory, or pass it in from the test.

    Fine when: the file is no test code in spite of its name; then list it under `bundle.allow`.""",
)
LAZY_INITIAL = Rule(
    "bundle/lazy-became-initial",
    "error",
    """Something that was loaded on demand is now loaded at first.

    Why: the total hardly moves, but the first load does: a static import of a module that was behind
    `import()` pulls it and all that it needs into the initial download.

    Instead: make the import that is named dynamic again, or import the type only.

    Fine when: it is really needed for the first screen.""",
)
DUPLICATE = Rule(
    "bundle/duplicate-package",
    "warning",
    """One package is now shipped twice.

    Why: users download both copies, and state that should be shared (a context, a cache) is not.

    Instead: bring the versions together: `npm dedupe`, an override, or an upgrade of the dependant.

    Fine when: two major versions are needed side by side for a while.""",
)
MINIFICATION_LOST = Rule(
    "bundle/minification-lost",
    "error",
    """A file that was minified no longer is.

    Why: nothing was added and yet it grew; the build runs without its production settings.

    Instead: build for production again (`NODE_ENV=production`, `minify`).

    Fine when: minification was given up on purpose, as for code that runs on a server only.""",
)
UNMEASURED = Rule(
    "bundle/unmeasured",
    "warning",
    """The size of an artifact, or the import graph, could not be determined.

    Why: a gate that measures nothing looks like one that found nothing.

    Instead: do what the finding says: correct the glob or the entry, or bring a fresh record.

    Fine when: the artifact is gone for good; then take it out of `gatepost.toml`.""",
)

RULES = (GROWTH, DRIFT, OVER_BUDGET, TEST_CODE, LAZY_INITIAL, DUPLICATE, MINIFICATION_LOST, UNMEASURED)

"""Walk through a plan: look, ask, run, look again; stop at the first thing that is not as expected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatepost.errors import GatepostError
from gatepost.model import printable
from gatepost.rollbacks import Expectation, RollbackPlan, Step
from gatepost.rollbacks import _state as states
from gatepost.rollbacks._execute import checkout, run
from gatepost.rollbacks._probe import Seen, Surroundings, begin, elsewhere, look
from gatepost.rollbacks._ready import needs
from gatepost.rollbacks._state import Progress, State

Say = Callable[[str], None]
Told = Callable[[Expectation], str]
Ask = Callable[[str], bool]


class Stop(Exception):
    """Say why the walk ends here."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk needs: the plan, where to look, whom to ask, where to write down how far it has come.

    ``ask_again`` asks about a step that may be half done.
    ``moved`` moves the deploy ref back through the gate and gives what the server said, or raises GatepostError.
    """

    plan: RollbackPlan
    around: Surroundings
    file: Path
    say: Say
    told: Told
    ask: Ask
    ask_again: Ask
    moved: Callable[[Step], str]
    directory: str = ""

    def go(self, state: State) -> State:
        """Walk; give the state, whose result is ``done`` only where everything is as expected."""
        before = tuple(one for step in self.plan.steps for one in (*step.before, *step.after))
        if all(one.result == "waiting" for one in state.steps):
            begin((*before, *self.plan.checks), self.around)
            state.rows = dict(self.around.rows)
        self.around.rows.update(state.rows)
        try:
            for number, step in enumerate(self.plan.steps):
                self._step(number, step, state)
            self._whole()
            state.result, state.reason = "done", ""
        except Stop as stop:
            state.result, state.reason = "stopped", str(stop)
        except KeyboardInterrupt:
            state.result, state.reason = "interrupted", "interrupted by Ctrl-C"
        state.ended = states.now()
        states.save(self.file, state)
        return state

    def lacks(self, state: State) -> str:
        """Say whether everything is there that the steps will need; give what is not, "" where nothing lacks."""
        found = needs(self.plan, self.around, state, self.directory)
        if found:
            self.say("\nwhat the steps need")
        for one in found:
            self.say(f"  {'ok  ' if one.good else 'NOT '} {one.said}")
        return "; ".join(one.said for one in found if not one.good)

    def _step(self, number: int, step: Step, state: State) -> None:
        progress = state.steps[number]
        self.say(f"\nstep {number + 1} of {len(self.plan.steps)}: {printable(step.title)}")
        if progress.result == "done":
            self.say("  done before")
            return
        if elsewhere(step.engine, self.around):
            self.say(f"  not here: it is for {step.engine}, and ${self.around.variable} is none")
            progress.result = "elsewhere"
            return
        if progress.result != "waiting" and self._over(step, progress):
            progress.result = "done"
            states.save(self.file, state)
            return
        self._expect(step.before, "before", progress, number)
        if step.command:
            self.say(f"  $ {printable(step.command, 1000)}")
        if not self.ask(f"  {'run it' if step.command else 'is it done'}?{self._approval(step)}"):
            progress.result = "declined"
            raise Stop(f"step {number + 1} was not agreed to")
        self._run(number, step, state)
        self._expect(step.after, "after", progress, number)
        progress.result = "done"
        states.save(self.file, state)

    def _approval(self, step: Step) -> str:
        return f" (to be approved by {printable(step.approve, 80)})" if step.approve else ""

    def _over(self, step: Step, progress: Progress) -> bool:
        """Tell whether a step that was begun before is over; Stop where it may be half done."""
        seen = [look(one, self.around) for one in step.after]
        if seen and all(one.good for one in seen):
            self.say("  was begun before, and everything is as it has to be afterwards")
            return True
        first = [look(one, self.around) for one in step.before]
        if progress.result == "declined" or step.repeatable or (first and all(one.good for one in first)):
            return False
        if self.ask_again(f"  was begun before ({progress.result}), and may be half done. Run it again?"):
            return False
        raise Stop("a step that was begun before is neither as before nor as afterwards: look at it yourself")

    def _run(self, number: int, step: Step, state: State) -> None:
        progress = state.steps[number]
        progress.result, progress.at = "running", states.now()
        states.save(self.file, state)
        started = time.monotonic()
        try:
            why, progress.said = self._command(step)
        except KeyboardInterrupt:
            progress.result = "interrupted"
            raise
        finally:
            progress.seconds = round(time.monotonic() - started, 3)
            if progress.result == "running":
                progress.result = "failed"  # until what has to be seen afterwards is seen
            states.save(self.file, state)
        if why:
            raise Stop(f"step {number + 1} failed: {why}")

    def _command(self, step: Step) -> tuple[str, str]:
        """Run the command of a step; give why it failed, "" where it did not, and what it printed."""
        if step.kind == "ref":
            try:
                return "", self.moved(step)
            except GatepostError as error:
                return f"{error.message}; {error.hint}" if error.hint else error.message, error.message
        if not step.command:
            return "", ""
        try:
            with checkout(self.around.repo, step.checkout, self.directory) as cwd:
                ran = run(step, self.around.environ, cwd, lambda line: self.say("    " + printable(line.rstrip(), 400)))
        except GatepostError as error:
            return error.message, ""
        if ran.code == 0:
            return "", ran.said
        return ran.why or f"the command ended with {ran.code}", ran.said

    def _expect(self, listed: tuple[Expectation, ...], when: str, progress: Progress, number: int) -> None:
        for one in listed:
            seen = look(one, self.around)
            progress.checks.append(_checked(one, when, seen))
            del progress.checks[:-100]
            self.say(f"  {when:<6} {'ok  ' if seen.good else 'NOT '} {self._line(one, seen)}")
            if not seen.good:
                raise Stop(f"step {number + 1}, {when}: {self._line(one, seen)}")

    def _line(self, one: Expectation, seen: Seen) -> str:
        said = printable(self.told(one), 300)
        return said if seen.good else f"{said}: {'found' if seen.reached else 'it'} {printable(seen.found, 300)}"

    def _whole(self) -> None:
        """Look at the state that the plan promises; only then is the rollback done."""
        self.say("\nthe state afterwards")
        for one in (*promised(self.plan, self.around), *self.plan.checks):
            seen = look(one, self.around)
            self.say(f"  {'ok  ' if seen.good else 'NOT '} {self._line(one, seen)}")
            if not seen.good:
                raise Stop(f"all steps were run, but {self._line(one, seen)}")

    def preview(self, state: State) -> int:
        """Show every step, and what is found now; run nothing. Give the step that it would stop at, 0 for none."""
        stops = looked = 0
        for number, step in enumerate(self.plan.steps, 1):
            self.say(f"\nstep {number} of {len(self.plan.steps)}: {printable(step.title)}")
            if state.steps[number - 1].result == "done":
                self.say("  done before")
                continue
            if step.command:
                self.say(f"  $ {printable(step.command, 1000)}")
            good = self._shown(step, now=not looked)
            stops = stops or (0 if good else number)
            looked = looked or number
        return stops

    def _shown(self, step: Step, *, now: bool) -> bool:
        """Show the checks of a step, and of the one that is next what is found now."""
        good = True
        for when, listed in (("before", step.before), ("after", step.after)):
            for one in listed:
                seen = look(one, self.around) if now and when == "before" else None
                mark = "    " if seen is None else "ok  " if seen.good else "NOT "
                good = good and (seen is None or seen.good)
                self.say(f"  {when:<6} {mark} {self._line(one, seen or Seen(True, ''))}")
        return good


def promised(plan: RollbackPlan, around: Surroundings) -> Iterator[Expectation]:
    """Give the checks that the plan's ``expected`` amounts to."""
    yield Expectation("ref", plan.expected.ref, plan.expected.object)
    for one in plan.expected.versions:
        if one.query and not elsewhere(one.engine, around):
            yield Expectation("version", one.history, one.version, one.query)
    if plan.expected.schema:
        history = plan.expected.versions[0].history if plan.expected.versions else ""
        yield Expectation("schema", history, plan.expected.schema, plan.expected.engine)


def fresh(plan: RollbackPlan, digest: str) -> State:
    """Begin a rollback."""
    steps = [Progress(step.title) for step in plan.steps]
    return State(digest, plan.change.head, plan.change.ref, states.now(), steps)


def _checked(one: Expectation, when: str, seen: Seen) -> dict[str, Any]:
    return {
        "when": when,
        "kind": one.kind,
        "subject": one.subject,
        "expected": one.expected,
        "found": seen.found[:300],
    } | ({} if seen.good else {"good": False})

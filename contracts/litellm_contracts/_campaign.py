"""A generated contract at work: first the corners, then drawn inputs, until one fails."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from litellm_contracts._checks import judge
from litellm_contracts._checks_own_tools import offers_tools
from litellm_contracts._corners import (
    conditions,
    corner_call,
    corners,
    factors_of,
    reduce_levels,
)
from litellm_contracts._drawn import drawn, drawn_levels
from litellm_contracts._table_calls import make_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._corners import Factors, Levels
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call, Contract
    from litellm_contracts._observation import Observation, Outcome
    from litellm_contracts._profile import Profile

BUDGET = 25.0
"""Seconds a generated contract may spend before one has failed; a slow handler sees fewer calls."""
SHRINK_BUDGET = 3.0
"""Seconds spent on finding a smaller example after one has failed."""


@dataclass(kw_only=True)
class Campaign:
    """Makes generated calls, one at a time, and keeps the smallest that departs.

    Attributes:
        contract: The generated contract.
        profile: What is due.
        perform: Makes a call with a model and returns what was seen; blocks.
        lead: A call with a task id to make once with each model before the others, so that what
            it leaves behind can show.
        made: How many calls were made.
        findings: The departures of the smallest failing call; empty where none failed.
        observation: What was seen of that call, or of the last one.
        conditions: The inputs without which the failure does not show, where that is known.
        complete: Whether the whole input space was covered within the budget.
    """

    contract: Contract
    profile: Profile
    perform: Callable[[Call, str], Observation]
    lead: Call | None = None
    made: int = 0
    findings: tuple[Finding, ...] = ()
    observation: Observation | None = None
    conditions: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    _knows_tools: bool = False
    _earlier: dict[str, Outcome] = field(default_factory=dict)
    _deadline: float = field(default_factory=lambda: time.monotonic() + BUDGET)

    def run(self, seed: int, examples: int) -> None:
        """Cover the corners, then try drawn inputs; stop at the first failure, and reduce it."""
        for levels, factors in self._inputs(seed, examples):
            if not self._try_levels(levels, factors):
                fails = partial(self._fails, factors=factors)
                self.conditions = conditions(reduce_levels(levels, factors, fails), factors)
                return

    def _inputs(self, seed: int, examples: int) -> Iterator[tuple[Levels, Factors]]:
        factors = factors_of(self.contract)
        for levels in corners(factors):
            yield levels, factors
        for one in drawn(seed, examples):
            yield drawn_levels(self.contract, one)

    def _fails(self, levels: Levels, factors: Factors) -> bool:
        return not self._try_levels(levels, factors)

    def _try_levels(self, levels: Levels, factors: Factors) -> bool:
        marker = make_marker(self.contract.id, f"example-{self.made + 1}")
        return self._attempt(*corner_call(self.contract, levels, marker, factors))

    def _attempt(self, call: Call, model: str) -> bool:
        """Make a call; true where the contract is kept, or the budget is spent."""
        if time.monotonic() > self._deadline:
            self.complete = self.complete and bool(self.findings)
            return True
        self.made += 1
        seen = self._observe(call, model)
        findings = judge(self.contract.all_checks, seen, self.profile)
        if findings and not self.findings:
            self._deadline = time.monotonic() + SHRINK_BUDGET
        if findings or not self.findings:
            self.findings, self.observation = findings, seen
        return not findings

    def _observe(self, call: Call, model: str) -> Observation:
        """Make the call; the one before that had a task id is shown beside it."""
        if self.lead is not None and model not in self._earlier:
            self._remember(self.perform(self.lead, model), model)
        seen = self.perform(call, model)
        before = [self._earlier[model]] if model in self._earlier else []
        if call.task_id is not None:
            self._remember(seen, model)
        self._knows_tools = self._knows_tools or any(map(offers_tools, seen.seen))
        outcomes = (*before, *seen.outcomes)
        return replace(seen, outcomes=outcomes, knows_tools=self._knows_tools)

    def _remember(self, seen: Observation, model: str) -> None:
        # Its requests are not in later observations, nor what it gave back: that was judged then.
        call = replace(seen.outcomes[0].call, name="earlier call", judged=False, may_refuse=True)
        self._earlier[model] = replace(
            seen.outcomes[0], call=call, error=None, told="", chunks=[], text=None
        )

    def example(self) -> list[dict[str, Any]]:
        """Return the smallest failing call, after the call whose task id it carries, if any."""
        if self.observation is None or not self.findings:
            return []
        *earlier, last = self.observation.outcomes
        requests = [seen.request for seen in self.observation.seen]
        on_the_wire = {value for request in requests for _, value in request.headers}
        leaked = [one for one in earlier if one.call.task_id in on_the_wire - {last.call.task_id}]
        return [_arguments(outcome.call) for outcome in (*leaked, last)]


def blocking(
    perform: Callable[[Call, str], Any], loop: asyncio.AbstractEventLoop
) -> Callable[[Call, str], Observation]:
    """Return a function that runs the coroutine function in the loop and waits for it."""

    def call_and_wait(call: Call, model: str) -> Observation:
        done = asyncio.run_coroutine_threadsafe(perform(call, model), loop)
        return done.result()  # type: ignore[no-any-return]

    return call_and_wait


def _arguments(call: Call) -> dict[str, Any]:
    if call.method == "complete_prompt":
        return {"method": call.method, "prompt": call.prompt}
    return {
        "method": call.method,
        "system_prompt": call.system_prompt,
        "messages": list(call.messages),
        "metadata": call.metadata if isinstance(call.metadata, dict) else None,
    }

"""One contract on its stage: makes the calls, keeps what was seen, judges it."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from litellm_contracts._checks import judge
from litellm_contracts._doors import BUNDLED, in_thread
from litellm_contracts._evidence import evidence
from litellm_contracts._generated import DEFAULT_EXAMPLES, DEFAULT_SEED, run_examples
from litellm_contracts._profile import ZOO, Profile
from litellm_contracts._scenario import Stage

if TYPE_CHECKING:
    from litellm_contracts._finding import Finding
    from litellm_contracts._doors import PythonDoor
    from litellm_contracts._model import Call, Contract
    from litellm_contracts._observation import Observation, Outcome

CONTRACT_LIMIT = 60.0
"""Seconds after which a contract is stopped; the run goes on with the next."""

SHRINK_LIMIT = 3.0
"""Seconds spent on finding a smaller example after one has failed."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run judges.

    Attributes:
        profile: Which header is due, and when.
        litellm: The LiteLLM release the fake behaves as.
        seed: Seed of the generated examples.
        examples: How many examples each generated contract draws.
        limit: Seconds a contract may take.
    """

    profile: Profile = ZOO
    litellm: str = "1.106.2"
    seed: int = DEFAULT_SEED
    examples: int = DEFAULT_EXAMPLES
    limit: float = CONTRACT_LIMIT


class ContractRun:
    """Runs one contract in a thread and an event loop of its own.

    Attributes:
        error: What went wrong that is not the handler's answer, or `None`.
        api_key: The key of this run; it must not be shown.
        findings: The departures from the contract.
        evidence: What a result shows of the exchange; empty where nothing was seen.
    """

    def __init__(self, contract: Contract, door: PythonDoor, options: Options) -> None:
        self._contract = contract
        self._door = door
        self._options = options
        self.error: BaseException | None = None
        self.api_key = ""
        self.findings: tuple[Finding, ...] = ()
        self.evidence: dict[str, Any] = {}

    def run(self) -> None:
        """Run to the end; what goes wrong is kept for the thread that waits."""
        try:
            asyncio.run(self._perform())
        except BaseException as error:  # noqa: BLE001 - handed over, see run_contract
            self.error = error

    def reproduce(self) -> str:
        """Return the command that runs this contract again, in the same way."""
        options, defaults = self._options, Options()
        words = ["litellm-contracts", "check"]
        words += [self._door.spec] if self._door.spec != BUNDLED else []
        words += ["-k", self._contract.id]
        if options.profile != defaults.profile:
            custom = options.profile.name == "custom"
            words += ["--header", options.profile.header] if custom else []
            words += ["--profile", options.profile.name] if not custom else []
        if options.litellm != defaults.litellm:
            words += ["--litellm", options.litellm]
        if self._contract.generator is not None:
            words += ["--seed", str(options.seed), "--examples", str(options.examples)]
        return shlex.join(words)

    async def _perform(self) -> None:
        # An SDK client that its handler never closed complains whenever it is collected, in
        # whichever loop then runs; that is neither a finding nor anything for the user's eyes.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        async with Stage(self._door, self._options.litellm) as stage:
            self.api_key = stage.api_key
            if self._contract.generator is None:
                self._judge(await stage.perform(self._contract.calls, self._contract.model))
            else:
                await self._generate(stage)

    async def _generate(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        earlier: dict[str, Outcome] = {}  # by model: each has a handler of its own
        shrink_until: list[float] = []

        def attempt(call: Call, model: str) -> bool:
            if shrink_until and loop.time() > shrink_until[0]:
                return True
            performing = asyncio.run_coroutine_threadsafe(stage.perform([call], model), loop)
            observation = performing.result()
            before = [earlier[model]] if model in earlier else []
            seen = replace(observation, outcomes=(*before, *observation.outcomes))
            kept = self.findings, self.evidence
            self._judge(seen)
            if call.task_id is not None:
                past = replace(call, name="earlier call", judged=False)
                earlier[model] = replace(observation.outcomes[0], call=past)
            if not self.findings:
                if kept[0]:
                    self.findings, self.evidence = kept
                return True
            self.evidence["example"] = _example(seen)
            if not shrink_until:
                shrink_until.append(loop.time() + SHRINK_LIMIT)
            return False

        made = await in_thread(
            lambda: run_examples(
                self._contract,
                self._options.profile,
                attempt,
                seed=self._options.seed,
                examples=self._options.examples,
            )
        )
        self.evidence["examples"] = made

    def _judge(self, observation: Observation) -> None:
        self.findings = judge(self._contract.checks, observation, self._options.profile)
        self.evidence = evidence(observation, self.findings, self.api_key, self.reproduce())


def _example(observation: Observation) -> list[dict[str, Any]]:
    """Return the smallest failing call, after the call whose task id it carries, if any."""
    *earlier, last = observation.outcomes
    on_the_wire = {value for seen in observation.seen for _, value in seen.request.headers}
    leaked = [one for one in earlier if one.call.task_id in on_the_wire]
    return [_arguments(outcome.call) for outcome in (*leaked, last)]


def _arguments(call: Call) -> dict[str, Any]:
    if call.method == "complete_prompt":
        return {"method": call.method, "prompt": call.prompt}
    return {
        "method": call.method,
        "system_prompt": call.system_prompt,
        "messages": list(call.messages),
        "metadata": call.metadata if isinstance(call.metadata, dict) else None,
    }

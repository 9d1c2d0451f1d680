"""Runs contracts one after another, each on a stage of its own, and judges what was seen."""

from __future__ import annotations

import asyncio
import platform
import shlex
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from litellm_contracts._checks import judge
from litellm_contracts._doors import BUNDLED, in_thread
from litellm_contracts._errors import HandlerError, UnknownContractError, closest
from litellm_contracts._evidence import REDACTED, evidence
from litellm_contracts._generated import DEFAULT_EXAMPLES, DEFAULT_SEED, run_examples
from litellm_contracts._model import Contract, Level, Report, Result, Status
from litellm_contracts._profile import ZOO, Profile
from litellm_contracts._scenario import Stage
from litellm_contracts._tables import load_tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from litellm_contracts._checks import Finding
    from litellm_contracts._doors import PythonDoor
    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

CONTRACT_LIMIT = 60.0
"""Seconds after which a contract is stopped; the run goes on with the next."""


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


@cache
def all_contracts() -> tuple[Contract, ...]:
    """Return every contract that ships, in the order of the report."""
    return load_tables()


def find_contract(contract_id: str) -> Contract:
    """Return the contract with this id.

    Raises:
        UnknownContractError: naming the closest id.
    """
    by_id = {contract.id: contract for contract in all_contracts()}
    try:
        return by_id[contract_id]
    except KeyError:
        hint = closest(contract_id, by_id) or "; `litellm-contracts list` names them all"
        raise UnknownContractError(f"no contract has the id {contract_id!r}{hint}") from None


def run_suite(
    door: PythonDoor,
    contracts: Sequence[Contract],
    options: Options,
    *,
    selected: Collection[str] | None = None,
    jobs: int = 1,
) -> Report:
    """Judge a handler, in `jobs` processes; what is not `selected` is reported as not run.

    Raises:
        HandlerError: where no handler can be built.
    """
    started = time.perf_counter()
    chosen = [one for one in contracts if selected is None or one.id in selected]
    if jobs > 1 and len(chosen) > 1:
        from litellm_contracts._jobs import run_in_processes

        results = run_in_processes(door, chosen, options, jobs)
    else:
        results = {one.id: run_contract(one, door, options) for one in chosen}
    return Report(
        results=tuple(
            results.get(one.id) or _result(one, Status.NOT_RUN, "deselected") for one in contracts
        ),
        suite={
            "name": "litellm-contracts",
            "version": metadata.version("litellm-contracts"),
            "profile": options.profile.name,
            "header": options.profile.header,
            "seed": options.seed,
            "examples": options.examples,
        },
        handler=door.describe(),
        environment=_environment(options),
        seconds=time.perf_counter() - started,
    )


def run_contract(contract: Contract, door: PythonDoor, options: Options) -> Result:
    """Judge one contract in a thread of its own, so that a handler that hangs can be left.

    Raises:
        HandlerError: where no handler can be built.
    """
    missing = sorted(contract.needed_methods() - door.capabilities)
    if missing:
        message = f"the handler declares that it has no {', '.join(missing)}"
        return _result(contract, Status.NOT_APPLICABLE, message)
    run = _Run(contract, door, options)
    thread = threading.Thread(target=run.run, name=contract.id, daemon=True)
    started = time.perf_counter()
    thread.start()
    thread.join(options.limit)
    seconds = time.perf_counter() - started
    if thread.is_alive():
        message = f"stopped: the handler did not come back within {options.limit:g} s"
        result = _result(contract, _failed(contract), message)
        return replace(result, seconds=seconds, evidence={"reproduce": run.reproduce()})
    if isinstance(run.error, HandlerError):
        raise run.error
    if run.error is not None:
        message = f"the suite itself failed: {type(run.error).__name__}: {run.error}"
        if run.api_key:
            message = message.replace(run.api_key, REDACTED)
        return replace(_result(contract, Status.ERROR, message), seconds=seconds)
    return replace(run.result(), seconds=seconds)


@dataclass(kw_only=False)
class _Run:
    """One contract on its stage: makes the calls, keeps what was seen."""

    contract: Contract
    door: PythonDoor
    options: Options
    error: BaseException | None = None
    api_key: str = ""
    observation: Observation | None = None
    findings: tuple[Finding, ...] = ()
    examples: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> None:
        """Run to the end; what goes wrong is kept for the thread that waits."""
        try:
            asyncio.run(self._perform())
        except BaseException as error:  # noqa: BLE001 - handed over, see run_contract
            self.error = error

    async def _perform(self) -> None:
        async with Stage(self.door, self.options.litellm) as stage:
            self.api_key = stage.api_key
            if self.contract.generator is None:
                observation = await stage.perform(self.contract.calls, self.contract.model)
                self._judge(observation)
            else:
                await self._generate(stage)

    async def _generate(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()

        def attempt(call: Call, model: str) -> bool:
            performing = asyncio.run_coroutine_threadsafe(stage.perform([call], model), loop)
            kept = self.findings, self.observation
            self._judge(performing.result())
            if self.findings:
                return False
            if kept[0]:
                self.findings, self.observation = kept
            return True

        self.examples = await in_thread(
            lambda: run_examples(
                self.contract,
                self.options.profile,
                attempt,
                seed=self.options.seed,
                examples=self.options.examples,
            )
        )

    def _judge(self, observation: Observation) -> None:
        self.observation = observation
        self.findings = judge(self.contract.checks, observation, self.options.profile)

    def reproduce(self) -> str:
        """Return the command that runs this contract again, in the same way."""
        options, defaults = self.options, Options()
        words = ["litellm-contracts", "check"]
        words += [self.door.spec] if self.door.spec != BUNDLED else []
        words += ["-k", self.contract.id]
        if options.profile != defaults.profile:
            words += ["--header", options.profile.header]
        if options.litellm != defaults.litellm:
            words += ["--litellm", options.litellm]
        if self.contract.generator is not None:
            words += ["--seed", str(options.seed), "--examples", str(options.examples)]
        return shlex.join(words)

    def result(self) -> Result:
        """Turn what was found into the contract's result."""
        if self.observation is None:
            return _result(self.contract, Status.ERROR, "the suite itself failed: nothing was seen")
        status = _failed(self.contract) if self.findings else Status.PASS
        message = self.findings[0].message if self.findings else ""
        result = _result(self.contract, status, message.replace(self.api_key, REDACTED))
        shown = evidence(self.observation, self.findings, self.api_key, self.reproduce())
        if self.contract.generator is not None:
            shown["examples"] = self.examples
            if self.findings:
                shown["example"] = _example(self.observation)
        return replace(result, evidence=shown)


def _example(observation: Observation) -> dict[str, Any]:
    """Return the smallest failing call, so that it can be made by hand."""
    call = observation.outcomes[0].call
    if call.method == "complete_prompt":
        return {"method": call.method, "prompt": call.prompt}
    return {
        "method": call.method,
        "system_prompt": call.system_prompt,
        "messages": list(call.messages),
        "metadata": call.metadata if isinstance(call.metadata, dict) else None,
    }


def _failed(contract: Contract) -> Status:
    return Status.FAIL if contract.level is Level.MUST else Status.WARN


def _result(contract: Contract, status: Status, message: str) -> Result:
    return Result(
        id=contract.id,
        level=contract.level,
        status=status,
        requirement=contract.requirement,
        message=message,
    )


def _environment(options: Options) -> dict[str, Any]:
    try:
        openai = metadata.version("openai")
    except metadata.PackageNotFoundError:
        openai = None
    return {
        "python": platform.python_version(),
        "openai": openai,
        "litellm": options.litellm,
        "platform": platform.platform(terse=True),
    }

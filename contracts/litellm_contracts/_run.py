"""One contract on its stage: makes the calls, keeps what was seen, judges it."""

from __future__ import annotations

import asyncio
import shlex
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from litellm_contracts._campaign import Campaign, blocking
from litellm_contracts._checks import judge
from litellm_contracts._corners import leading_call
from litellm_contracts._drawn import DEFAULT_EXAMPLES, DEFAULT_SEED
from litellm_contracts._evidence import evidence, keys_to_hide, redact
from litellm_contracts._profile import ZOO, Profile, choose_profile
from litellm_contracts._requirements import EVERYTHING
from litellm_contracts._scenario import HangsError, Stage
from litellm_contracts._table_calls import make_marker
from litellm_contracts._tables import all_contracts
from litellm_contracts._threads import in_thread
from litellm_contracts._waivers import Waiver  # noqa: TC001 - a dataclass field

if TYPE_CHECKING:
    from litellm_contracts._door import Door
    from litellm_contracts._finding import Finding
    from litellm_contracts._model import Call, Contract
    from litellm_contracts._observation import Observation

_TRACE = 20
"""Lines of a traceback that a result shows: the last ones."""
CONTRACT_LIMIT = 60.0
"""Seconds without a call that comes back, after which a contract is stopped; the run goes on."""


Exchanges: TypeAlias = "dict[str, Observation | None]"
"""What was seen so far in a run, by the exchange's name; `None` where the handler hung in it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run judges.

    Attributes:
        profile: Which header is due, and when.
        litellm: The LiteLLM release the fake behaves as.
        seed: Seed of the generated examples.
        examples: How many examples each generated contract draws.
        limit: Seconds in which some call of a contract has to come back; twice as many where it
            makes a hundred.
        grace: Seconds beyond the limit after which the process ends itself, as a handler holds the
            interpreter; `None` where it is not the suite's own.
        requirements: Name of the requirement set, or `all`.
        waivers: What is known to be broken.
    """

    profile: Profile = ZOO
    litellm: str = "1.106.2"
    seed: int = DEFAULT_SEED
    examples: int = DEFAULT_EXAMPLES
    limit: float = CONTRACT_LIMIT
    grace: float | None = None
    requirements: str = EVERYTHING
    waivers: tuple[Waiver, ...] = ()


class _LeftAlone(ThreadPoolExecutor):
    """Runs what a handler puts into threads; nobody waits for a thread that its handler left."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as its base
        """End without waiting."""
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


class ContractRun:
    """Runs one contract in a thread and an event loop of its own.

    Attributes:
        error: What went wrong that is not the handler's answer, or `None`.
        hangs: What is said of calls that did not come back, where that ended the run.
        api_key: The key of this run; it must not be shown.
        findings: The departures from the contract.
        evidence: What a result shows of the exchange; empty where nothing was seen.
    """

    def __init__(self, contract: Contract, door: Door, options: Options, seen: Exchanges) -> None:
        self._contract = contract
        self._door = door
        self._options = options
        self._seen = seen
        self._stage: Stage | None = None
        self.error: BaseException | None = None
        self.hangs = ""
        self.api_key = ""
        self.findings: tuple[Finding, ...] = ()
        self.evidence: dict[str, Any] = {}

    def run(self) -> None:
        """Run to the end; what goes wrong is kept for the thread that waits."""
        try:
            asyncio.run(self._perform())
        except HangsError as error:
            self.hangs = str(error)
        except BaseException as error:  # noqa: BLE001 - handed over, see run_contract
            self.error = error

    @property
    def came_back(self) -> int:
        """How many calls have come back so far."""
        return self._stage.came_back if self._stage is not None else 0

    def without_exchange(self) -> dict[str, Any]:
        """Return what a result shows where there is no exchange to show: what was raised, if any.

        The traceback is that of the error that is kept; to run the contract again is always told.
        """
        shown: dict[str, Any] = {"reproduce": self.reproduce()}
        if self.error is not None:
            lines = "".join(traceback.format_exception(self.error)).splitlines()
            shown["trace"] = redact(lines[-_TRACE:], keys_to_hide(self.api_key))
        return shown

    def reproduce(self) -> str:
        """Return the command that runs this contract again, in the same way."""
        options, defaults = self._options, Options()
        words = ["litellm-contracts", "check", *self._door.recipe.words()]
        words += ["-k", self._contract.id]
        profile = options.profile
        if profile.name != defaults.profile.name:
            words += ["--profile", profile.name]
        if profile != choose_profile(profile.name):
            words += ["--header", profile.header]
        if options.requirements != defaults.requirements:
            words += ["--requirements", options.requirements]
        if options.litellm != defaults.litellm:
            words += ["--litellm", options.litellm]
        if self._contract.generator is not None:
            words += ["--seed", str(options.seed), "--examples", str(options.examples)]
        return shlex.join(words)

    async def _perform(self) -> None:
        # An SDK client that its handler never closed complains whenever it is collected, in
        # whichever loop then runs; that is neither a finding nor anything for the user's eyes.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        asyncio.get_running_loop().set_default_executor(_LeftAlone())
        if self._contract.everywhere:
            self._judge_seen()
            return
        name = self._contract.exchange
        seen = self._seen.get(name)
        if seen is None:
            async with Stage(self._door, self._options.litellm) as stage:
                self._stage = stage
                self.api_key = stage.api_key
                if self._contract.generator is not None:
                    await self._generate(stage)
                    return
                seen = await stage.perform(self._contract.calls, self._contract.model)
            self._seen[name] = seen
        judged = seen.about(self._contract.judges)
        self._judge(judged)
        self._describe(judged)

    async def _generate(self, stage: Stage) -> None:
        async def perform(call: Call, model: str) -> Observation:
            return await stage.perform([call], model)

        options = self._options
        prompts = "create_message" not in self._contract.methods
        leads = prompts and "create_message" in self._door.capabilities
        marker = make_marker(self._contract.id, "leading")
        campaign = Campaign(
            contract=self._contract,
            lead=leading_call(marker) if leads else None,
            profile=options.profile,
            perform=blocking(perform, asyncio.get_running_loop()),
        )
        await in_thread(lambda: campaign.run(options.seed, options.examples))
        self.findings = campaign.findings
        if campaign.observation is not None:
            self._describe(campaign.observation)
        self.evidence |= {"examples": campaign.made, "complete": campaign.complete}
        if campaign.findings:
            shown = {"example": campaign.example(), "conditions": campaign.conditions}
            self.evidence |= redact(shown, keys_to_hide(self.api_key))

    def _judge_seen(self) -> None:
        """Judge the exchanges that were seen so far, in the order of the tables, until one departs.

        One whose handler did not come back, or sent nothing, is left out: its own contract says so.
        """
        judged: tuple[str, Observation] | None = None
        for name in dict.fromkeys(contract.exchange for contract in all_contracts()):
            seen = self._seen.get(name)
            if seen is not None and seen.seen:
                judged = name, seen.whole()
                self._judge(judged[1], f"in the calls of {name}, ")
            if self.findings:
                break
        if judged is not None:
            self._describe(judged[1])
            self.evidence["exchange"] = judged[0]

    def _judge(self, observation: Observation, where: str = "") -> None:
        self.api_key = observation.api_key
        found = judge(self._contract.all_checks, observation, self._options.profile)
        self.findings = tuple(replace(one, message=f"{where}{one.message}") for one in found)

    def _describe(self, observation: Observation) -> None:
        self.evidence = evidence(observation, self.findings, self.api_key, self.reproduce())

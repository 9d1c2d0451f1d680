from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._doors import BUNDLED, PythonDoor
from litellm_contracts._errors import HandlerError, UnknownContractError
from litellm_contracts._loading import load_factory
from litellm_contracts._model import Level, Result, Status, Verdict
from litellm_contracts._profile import ZOO, choose_profile
from litellm_contracts._run import Options
from litellm_contracts._suite import run_contract, run_suite
from litellm_contracts._tables import all_contracts, find_contract

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from litellm_contracts._model import Contract

    Judge = Callable[..., Result]

MINE = dataclasses.replace(ZOO, header="X-Mine-Session-ID")
FIRST_TURN = "presence/first-turn"


@pytest.fixture
def first_turn() -> Contract:
    """Return the contract that everything begins with."""
    return find_contract(FIRST_TURN)


@pytest.fixture
def bundled() -> PythonDoor:
    """Return the door of the bundled handler."""
    return PythonDoor(load_factory(BUNDLED), BUNDLED)


@pytest.fixture
def door(handlers: Path) -> Callable[[str], PythonDoor]:
    """Return a function that opens the door of a handler file."""

    def make(file: str, name: str = "Handler") -> PythonDoor:
        spec = f"{handlers / file}:{name}"
        return PythonDoor(load_factory(spec), spec)

    return make


@pytest.fixture
def judge(door: Callable[[str], PythonDoor]) -> Judge:
    """Return a function that judges a handler file by one contract."""

    def make(file: str, contract_id: str, **options: Any) -> Result:  # noqa: ANN401
        return run_contract(find_contract(contract_id), door(file), Options(**options))

    return make


@pytest.mark.parametrize(
    ("file", "contract_id"),
    [
        pytest.param("header_missing.py", FIRST_TURN, id="header missing"),
        pytest.param("sticky_default_header.py", "absence/after-task", id="sticky default header"),
        pytest.param(
            "sent_by_complete_prompt.py", "complete-prompt/after-create-message",
            id="sent by complete_prompt",
        ),
        pytest.param("previous_task_id.py", "presence/next-task", id="previous task's id"),
        pytest.param("two_header_lines.py", FIRST_TURN, id="two header lines"),
    ],
)  # fmt: skip
def test_a_broken_handler_breaks_the_contract(judge: Judge, file: str, contract_id: str) -> None:
    result = judge(file, contract_id)
    assert (result.id, result.level, result.status) == (contract_id, Level.MUST, Status.FAIL)
    assert result.requirement == find_contract(contract_id).requirement
    assert result.message == result.evidence["findings"][0]["message"]
    assert result.evidence["findings"][0]["cause"]
    assert result.evidence["requests"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param("sdk_handler.py", "Handler", id="asynchronous, over the SDK"),
        pytest.param("socket_handler.py", "Handler", id="synchronous, returns lists"),
        pytest.param("unusual.py", "Generating", id="synchronous, a generator"),
        pytest.param("unusual.py", "Returning", id="a coroutine returns an async iterator"),
        pytest.param("unusual.py", "Collecting", id="a coroutine returns a list"),
        pytest.param("unusual.py", "build", id="an async factory"),
    ],
)
@pytest.mark.parametrize(
    "contract_id",
    [
        "presence/every-turn",
        "absence/after-task",
        "complete-prompt/at-the-same-time",
        "isolation/two-handlers",
        "recognition/filed-under-the-task",
        "faithfulness/streamed-text",
        "faithfulness/completed-text",
    ],
)
def test_a_right_handler_keeps_the_contract(
    door: Callable[..., PythonDoor], file: str, name: str, contract_id: str
) -> None:
    result = run_contract(find_contract(contract_id), door(file, name), Options())
    assert (result.status, result.message) == (Status.PASS, "")


def test_a_should_that_is_not_kept_warns(
    door: Callable[[str], PythonDoor], first_turn: Contract
) -> None:
    should = dataclasses.replace(first_turn, level=Level.SHOULD)
    report = run_suite(door("header_missing.py"), [should], Options())
    assert [result.status for result in report.results] == [Status.WARN]
    assert (report.verdict, report.exit_code) == (Verdict.CONFORMANT, 0)


@pytest.mark.parametrize(
    ("capabilities", "contract_id", "missing"),
    [
        pytest.param(
            ["create_message"], "complete-prompt/omits-header", "complete_prompt",
            id="no complete_prompt",
        ),
        pytest.param(["complete_prompt"], FIRST_TURN, "create_message", id="no create_message"),
        pytest.param(
            ["create_message"], "schema/complete-prompt", "complete_prompt", id="generated"
        ),
        pytest.param(
            [], "complete-prompt/between-turns", "complete_prompt, create_message", id="neither"
        ),
    ],
)  # fmt: skip
def test_what_a_handler_declares_not_to_have_is_not_applicable(
    capabilities: Collection[str], contract_id: str, missing: str
) -> None:
    door = PythonDoor(load_factory(BUNDLED), BUNDLED, capabilities)
    result = run_contract(find_contract(contract_id), door, Options())
    assert result.status is Status.NOT_APPLICABLE
    assert result.message == f"the handler declares that it has no {missing}"


@pytest.mark.parametrize(
    ("contract_id", "why"),
    [
        pytest.param(
            "isolation/calls-between-chunks", "no stream can be left", id="a call between chunks"
        ),
        pytest.param(
            "faithfulness/arguments-left-alone", "is given copies", id="the caller's arguments"
        ),
        pytest.param(
            "presence/where-a-call-may-fail", "keeps a handler until", id="a closed handler"
        ),
    ],
)
def test_what_a_program_does_not_show_is_not_applicable(
    bundled: PythonDoor, monkeypatch: pytest.MonkeyPatch, contract_id: str, why: str
) -> None:
    contract = find_contract(contract_id)
    assert run_contract(contract, bundled, Options()).status is Status.PASS
    monkeypatch.setattr(PythonDoor, "in_process", False)
    result = run_contract(contract, bundled, Options())
    assert result.status is Status.NOT_APPLICABLE
    assert why in result.message


def test_where_calls_may_fail_and_nothing_is_sent_nothing_is_judged(
    bundled: PythonDoor, right: type[Any]
) -> None:
    class Distrustful(right):  # type: ignore[misc]
        async def create_message(self, *_: Any) -> Any:  # noqa: ANN401
            raise ValueError("no https")
            yield

    class Silent(right):  # type: ignore[misc]
        async def create_message(self, *_: Any) -> Any:  # noqa: ANN401
            return
            yield

    contract = find_contract("presence/secure-proxy")
    distrustful, silent = PythonDoor(Distrustful, "my:a"), PythonDoor(Silent, "my:b")
    results = [run_contract(contract, one, Options()) for one in (bundled, distrustful, silent)]
    assert [one.status for one in results] == [Status.PASS, Status.NOT_APPLICABLE, Status.FAIL]
    assert "failed before a request was sent" in results[1].message


def test_a_handler_without_an_undeclared_method_ends_the_run(first_turn: Contract) -> None:
    with pytest.raises(HandlerError, match="has no method create_message"):
        run_suite(PythonDoor(lambda **_: object(), "my:factory"), [first_turn], Options())


def test_what_is_not_selected_is_not_run_and_the_run_incomplete(
    bundled: PythonDoor, first_turn: Contract
) -> None:
    report = run_suite(bundled, all_contracts(), Options(), selected={FIRST_TURN})
    assert [result.id for result in report.results] == [one.id for one in all_contracts()]
    assert report.results[0].status is Status.PASS
    assert {result.status for result in report.results[1:]} == {Status.NOT_RUN}
    assert (report.verdict, report.exit_code) == (Verdict.INCOMPLETE, 1)
    assert run_suite(bundled, [first_turn], Options()).verdict is Verdict.CONFORMANT


def test_contracts_of_one_exchange_are_judged_each_by_its_own_calls(bundled: PythonDoor) -> None:
    built = []

    class Sticky:
        """Sends a header for an empty metadata object, and for nothing else."""

        def __init__(self, **given: str) -> None:
            built.append(self)
            self.right = bundled.factory(**given)
            self.complete_prompt = self.right.complete_prompt
            self.aclose = self.right.aclose

        async def create_message(self, system: str, messages: Any, metadata: Any = None) -> Any:  # noqa: ANN401
            wrong = {"task_id": "undefined"} if metadata == {} else metadata
            async for chunk in self.right.create_message(system, messages, wrong):
                yield chunk

    forms = [one for one in all_contracts() if one.exchange == "absence/no-metadata"]
    report = run_suite(PythonDoor(Sticky, "my:factory"), forms, Options())
    assert len(forms) == 6
    assert len(built) == 1
    failed = [result for result in report.results if result.status is Status.FAIL]
    assert [result.id for result in failed] == ["absence/metadata-empty"]
    assert failed[0].message.startswith("request 1: X-Zoo-Session-ID is sent ('undefined')")
    assert [call["name"] for call in failed[0].evidence["calls"]] == ["empty"]


@pytest.mark.parametrize("selected", [pytest.param(set(), id="none"), pytest.param(None, id="all")])
def test_nothing_judged_is_never_conformant(
    bundled: PythonDoor, selected: Collection[str] | None
) -> None:
    report = run_suite(bundled, [], Options(), selected=selected)
    assert (report.verdict, report.exit_code) == (Verdict.INCOMPLETE, 1)


def test_several_processes_come_to_the_same_result(door: Callable[[str], PythonDoor]) -> None:
    contracts = [one for one in all_contracts() if one.group == "absence"]
    broken = door("sticky_default_header.py")
    alone, shared = (run_suite(broken, contracts, Options(), jobs=jobs) for jobs in (1, 2))
    assert [(one.id, one.status, one.message) for one in shared.results] == [
        (one.id, one.status, one.message) for one in alone.results
    ]
    assert shared.verdict is Verdict.BROKEN


def test_a_run_says_what_it_judged_with_what(bundled: PythonDoor, first_turn: Contract) -> None:
    options = Options(profile=MINE, litellm="1.90.0", seed=7)
    report = run_suite(bundled, [first_turn], options)
    assert report.suite.items() >= {"header": "X-Mine-Session-ID", "seed": 7}.items()
    assert report.handler["name"] == BUNDLED
    assert report.environment["litellm"] == "1.90.0"
    assert {"python", "openai", "platform"} <= set(report.environment)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({}, "", id="defaults"),
        pytest.param(
            {"profile": MINE},
            " --header X-Mine-Session-ID",
            id="another header",
        ),
        pytest.param(
            {"profile": choose_profile("opencode-go", "X-Mine-Session-ID")},
            " --profile opencode-go --header X-Mine-Session-ID",
            id="another profile and header",
        ),
        pytest.param({"profile": choose_profile("codex")}, " --profile codex", id="profile"),
        pytest.param({"requirements": "2026-11"}, " --requirements 2026-11", id="frozen"),
        pytest.param({"litellm": "1.90.0"}, " --litellm 1.90.0", id="another LiteLLM"),
    ],
)
def test_the_command_to_run_again_is_the_same_run(
    judge: Judge, options: dict[str, Any], words: str
) -> None:
    again = judge("header_missing.py", FIRST_TURN, **options).evidence["reproduce"]
    assert again.startswith("litellm-contracts check ")
    assert again.endswith(f"header_missing.py:Handler -k {FIRST_TURN}{words}")


def test_an_unknown_id_is_told_with_the_closest_one() -> None:
    with pytest.raises(UnknownContractError, match=r"'presence/first-trun'; did you mean 'pres"):
        find_contract("presence/first-trun")
    with pytest.raises(UnknownContractError, match="`litellm-contracts list` names them all"):
        find_contract("zzz")


def test_a_proxy_may_redirect_to_another_one(bundled: PythonDoor) -> None:
    contract = find_contract("recognition/key-stays-with-its-proxy")
    result = run_contract(contract, bundled, Options())
    moved = [request for request in result.evidence["requests"] if request["status"] == 307]
    hosts = {dict(request["headers"])["Host"] for request in result.evidence["requests"]}
    assert len(moved) == 2
    assert len({host.partition(":")[0] for host in hosts}) == 2

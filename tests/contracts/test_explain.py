from __future__ import annotations

import pytest

from litellm_contracts._explain import explain
from litellm_contracts._model import Contract
from litellm_contracts._tables import all_contracts, find_contract


@pytest.mark.parametrize(
    "contract", [pytest.param(contract, id=contract.id) for contract in all_contracts()]
)
def test_every_contract_is_explained(contract: Contract) -> None:
    told = " ".join(explain(contract).split())
    assert told.startswith(f"{contract.id} ({contract.level.value}) requires: ")
    for part in (contract.requirement, contract.why, contract.fix):
        assert " ".join(part.split()) in told
    assert [
        call.name for call in contract.own_calls if f" {call.name}: {call.method}(" not in told
    ] == []
    assert max(map(len, explain(contract).splitlines())) <= 200


@pytest.mark.parametrize(
    ("contract_id", "told"),
    [
        pytest.param("absence/no-metadata", "create_message(1 messages)", id="not passed"),
        pytest.param("absence/metadata-none", "metadata=None)", id="None"),
        pytest.param(
            "complete-prompt/during-stream", "[while the stream of message is open]", id="during"
        ),
        pytest.param("isolation/concurrent-tasks", "[at the same time as alpha]", id="together"),
        pytest.param("presence/retry-after-500", "[answered with Failure; ", id="answers"),
        pytest.param("presence/next-task", "[not judged]", id="not judged"),
        pytest.param(
            "isolation/calls-between-chunks", "[between two chunks of streaming]", id="between"
        ),
        pytest.param(
            "isolation/metadata-changed-in-place",
            "[in the messages and metadata of the call before,",
            id="in place",
        ),
        pytest.param("isolation/after-every-kind-of-stop", "[cancelled; not judged]", id="cancel"),
        pytest.param(
            "isolation/after-every-kind-of-stop",
            "[cancelled in mid-stream; not judged]",
            id="cancel after",
        ),
        pytest.param(
            "isolation/after-every-kind-of-stop", "[abandoned in mid-stream]", id="abandon"
        ),
        pytest.param("isolation/after-every-kind-of-stop", "[never read;", id="never read"),
        pytest.param("isolation/two-handlers", "[by handler first]", id="handler"),
        pytest.param(
            "isolation/two-handlers",
            "[by handler second of model gpt-5-mini; at the same time as first]",
            id="model of a handler",
        ),
        pytest.param(
            "recognition/key-only-in-its-header", "[with a picture on another]", id="picture"
        ),
        pytest.param("isolation/own-proxy", "[by handler fourth of proxy another]", id="proxy"),
        pytest.param("presence/long-id", "…", id="shortened"),
        pytest.param("presence/gpt-5-model", "calls of a handler for gpt-5-mini:", id="model"),
        pytest.param("presence/exactly-one-request", "checks: reached, requests", id="checks"),
    ],
)
def test_calls_are_told(contract_id: str, told: str) -> None:
    assert told in " ".join(explain(find_contract(contract_id)).split())


def test_a_generated_contract_has_no_calls_to_tell() -> None:
    contract = Contract(
        id="a/b",
        level=find_contract("presence/first-turn").level,
        requirement="R.",
        why="W.",
        fix="F.",
        generator="prompts",
    )
    assert explain(contract).endswith("calls:    generated prompts, see --examples\n")

from __future__ import annotations

import itertools
import json
import pickle
import re
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Cut, Failure, Redirect, Reply, ToolCall
from litellm_contracts._errors import TableError
from litellm_contracts._model import OMITTED, Level
from litellm_contracts._suite import all_contracts
from litellm_contracts._table_calls import every_order
from litellm_contracts._tables import load_tables, read_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._model import Call, Contract

CONTRACTS = [pytest.param(contract, id=contract.id) for contract in all_contracts()]

TOP = """
schema_version = 1
[task_ids]
task = "task-0001"
long = { repeat = "ab", times = 4 }
"""
ENTRY = """
[[contract]]
id = "group/name"
level = "must"
requirement = "A requirement in one sentence."
why = "What goes wrong in production."
fix = "The smallest change."
"""


@pytest.fixture
def read_calls() -> Callable[[str], tuple[Call, ...]]:
    """Return a reader of the calls of a table with one contract."""
    return lambda calls: read_table(f"{TOP}{ENTRY}{calls}", "x.toml")[0].calls


def test_ids_are_unique_and_well_formed() -> None:
    ids = [contract.id for contract in all_contracts()]
    assert len(ids) >= 25
    assert len(set(ids)) == len(ids)
    assert [one for one in ids if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", one)] == []


DIFFERENT_TEXTS = {"isolation/same-text-in-another-task": 1, "complete-prompt/retry": 6}
"""How many texts there are where calls share one on purpose."""


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_markers_of_a_contract_tell_its_calls_apart(contract: Contract) -> None:
    markers = [call.marker for call in contract.calls]
    assert len(set(markers)) == DIFFERENT_TEXTS.get(contract.id, len(markers))
    sent = [call.prompt or json.dumps(call.messages) for call in contract.calls]
    assert [marker for marker, text in zip(markers, sent, strict=True) if marker not in text] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_needs_the_methods_it_calls(contract: Contract) -> None:
    assert contract.needed_methods()
    assert contract.group == contract.id.split("/")[0]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_can_be_handed_to_another_process(contract: Contract) -> None:
    copied = pickle.loads(pickle.dumps(contract))  # noqa: S301 - our own
    assert copied == contract
    assert [call.metadata is OMITTED for call in copied.calls] == [
        call.metadata is OMITTED for call in contract.calls
    ]


def test_an_entry_becomes_a_contract() -> None:
    [contract] = read_table(f'{TOP}{ENTRY}calls = [{{ do = "complete_prompt" }}]', "x.toml")
    assert (contract.id, contract.level, contract.model) == ("group/name", Level.MUST, "gpt-4o")
    assert contract.checks == ("header",)
    assert contract.generator is None
    assert contract.needed_methods() == {"complete_prompt"}


@pytest.mark.parametrize(
    ("generator", "method"),
    [
        pytest.param("conversations", "create_message", id="conversations"),
        pytest.param("prompts", "complete_prompt", id="prompts"),
    ],
)
def test_a_generated_contract_needs_the_method_it_generates_calls_of(
    generator: str, method: str
) -> None:
    [contract] = read_table(f'{TOP}{ENTRY}generator = "{generator}"', "x.toml")
    assert contract.needed_methods() == {method}


@pytest.mark.parametrize(
    ("entry", "metadata"),
    [
        pytest.param('task = "task"', {"task_id": "task-0001"}, id="task"),
        pytest.param('task = "long"', {"task_id": "abababab"}, id="repeated"),
        pytest.param('metadata = "none"', None, id="None"),
        pytest.param('metadata = "empty"', {}, id="empty"),
        pytest.param('metadata = "task-id-none"', {"task_id": None}, id="task id None"),
        pytest.param('metadata = "task-id-empty"', {"task_id": ""}, id="task id empty"),
        pytest.param(
            'metadata = "empty", extra_metadata = { mode = "code" }', {"mode": "code"}, id="other"
        ),
        pytest.param(
            'task = "task", extra_metadata = { mode = "code" }',
            {"task_id": "task-0001", "mode": "code"},
            id="task and other",
        ),
        pytest.param('metadata = "omitted"', OMITTED, id="omitted"),
        pytest.param("judged = true", OMITTED, id="nothing said"),
    ],
)
def test_metadata(
    read_calls: Callable[[str], tuple[Call, ...]], entry: str, metadata: object
) -> None:
    [call] = read_calls(f'calls = [{{ do = "create_message", {entry} }}]')
    assert call.metadata == metadata


@pytest.mark.parametrize(("size", "length"), [(1, 2), (2, 3), (3, 2), (6, 3)])
def test_every_order_occurs_once(size: int, length: int) -> None:
    numbers = every_order(size, length)
    orders = list(zip(*(numbers[start:] for start in range(length)), strict=False))
    assert sorted(orders) == list(itertools.product(range(size), repeat=length))


def test_calls_that_follow_one_another_are_numbered(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    calls = read_calls("""
        follow = 2
        calls = [
          { name = "turn", do = "create_message", task = "task" },
          { name = "new", do = "create_message", task = "task", fresh = true },
        ]""")
    assert [call.name for call in calls] == ["turn-1", "turn-2", "new-3", "new-4", "turn-5"]
    ids = [call.task_id for call in calls]
    assert ids == ["task-0001", "task-0001", "task-0003", "task-0004", "task-0001"]
    assert len({call.marker for call in calls}) == 5


def test_each_call_is_made_before_each_that_shall_follow(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    calls = read_calls("""
        followed_by = ["turn", "prompt"]
        calls = [
          { name = "turn", do = "create_message", task = "task" },
          { name = "prompt", do = "complete_prompt" },
          { name = "fails", do = "create_message", answers = [{ failure = 400 }] },
          { name = "left", do = "create_message", abandon_after = 1 },
        ]""")
    names = [call.name.rpartition("-")[0] for call in calls]
    assert names == ["fails", "turn", "fails", "prompt", "left", "turn", "left", "prompt"]
    assert [call.name.rpartition("-")[2] for call in calls] == list("12345678")


def test_kinds_of_metadata_come_by_turns(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    calls = read_calls("""
        followed_by = ["no-task"]
        calls = [
          { name = "no-task", do = "create_message", metadata = ["omitted", "empty"] },
          { name = "one", do = "create_message", task = "task" },
          { name = "two", do = "create_message", task = "task" },
          { name = "three", do = "create_message", task = "task" },
        ]""")
    metadata = [call.metadata for call in calls if call.task_id is None]
    assert metadata == [OMITTED, {}, OMITTED]


def test_contracts_may_judge_one_exchange() -> None:
    first = f"""{ENTRY}
        model = "gpt-5"
        judges = ["one"]
        calls = [
          {{ name = "one", do = "create_message", task = "task" }},
          {{ name = "two", do = "complete_prompt" }},
        ]"""
    second = ENTRY.replace("group/name", "group/other")
    table = f'{TOP}{first}\n{second}calls_of = "group/name"\njudges = ["two"]'
    one, two = read_table(table, "x.toml")
    assert (one.exchange, two.exchange) == ("group/name", "group/name")
    assert one.calls == two.calls
    assert (one.model, two.model) == ("gpt-5", "gpt-5")
    assert [call.name for call in one.own_calls] == ["one"]
    assert [call.name for call in two.own_calls] == ["two"]


def test_a_call_may_send_the_text_of_another(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    one, two = read_calls("""
        calls = [
          { name = "one", do = "create_message", task = "task" },
          { name = "two", do = "create_message", text_of = "one" },
        ]""")
    assert two.messages == one.messages
    assert (one.marker, one.name, two.name) == (two.marker, "one", "two")


@pytest.mark.parametrize(
    ("entry", "roles"),
    [
        pytest.param('text = "Hi."', ["user"], id="text"),
        pytest.param('history = [["user", "a"], ["assistant", "b"]]', ["user", "assistant", "user"],
                     id="history"),
        pytest.param("as_parts = true", ["user"], id="parts"),
        pytest.param("as_tool_result = true", ["assistant", "tool"], id="tool result"),
    ],
)  # fmt: skip
def test_the_marker_is_in_the_last_message(
    read_calls: Callable[[str], tuple[Call, ...]], entry: str, roles: list[str]
) -> None:
    [call] = read_calls(f'calls = [{{ do = "create_message", {entry} }}]')
    assert [message["role"] for message in call.messages] == roles
    assert call.marker in json.dumps(call.messages[-1])
    assert call.marker not in json.dumps(call.messages[:-1])


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        pytest.param(
            "failure = 429, retry_after_ms = 5", Failure(status=429, retry_after_ms=5), id="failure"
        ),
        pytest.param('cut = "in-headers"', Cut(at="in-headers"), id="cut"),
        pytest.param("redirect = 308", Redirect(status=308, location="?redirected"), id="redirect"),
        pytest.param(
            'reply = "This is", finish = "length"',
            Reply(text="This is", finish="length"),
            id="cut short",
        ),
        pytest.param('reply = "Hi."', Reply(text="Hi."), id="reply"),
        pytest.param(
            'reply = { repeat = " a", times = 3 }', Reply(text=" a a a"), id="repeated reply"
        ),
        pytest.param(
            'reply = "", tool_calls = [{ name = "read" }], ends = "drop"',
            Reply(text="", tool_calls=(ToolCall(name="read"),), ends="drop"),
            id="tool calls",
        ),
    ],
)
def test_answers(read_calls: Callable[[str], tuple[Call, ...]], entry: str, answer: object) -> None:
    [call] = read_calls(f'calls = [{{ do = "complete_prompt", answers = [{{ {entry} }}] }}]')
    assert call.answers == (answer,)


CALLS = 'calls = [{ do = "create_message" }]'


@pytest.mark.parametrize(
    ("table", "told"),
    [
        pytest.param("schema_version = ", "x.toml is not TOML", id="not TOML"),
        pytest.param("schema_version = 1", '"contract" is a required property', id="no contract"),
        pytest.param(
            f"{TOP}{ENTRY}{CALLS}".replace("= 1", "= 2"), "schema_version: 1 was expected",
            id="another version",
        ),
        pytest.param(
            f'{TOP}{ENTRY}{CALLS}\nmodell = "gpt-5"', "did you mean 'model'?", id="unknown key"
        ),
        pytest.param(
            f'{TOP}{ENTRY}calls = [{{ do = "create_message", tusk = "task" }}]',
            "did you mean 'task'?", id="unknown key of a call",
        ),
        pytest.param(
            f'{TOP}{ENTRY}followed_by = ["call-2"]\n{CALLS}',
            "contract group/name: no call is named 'call-2'; did you mean 'call-1'?",
            id="followed by nobody",
        ),
        pytest.param(
            f'{TOP}{ENTRY}calls = [{{ do = "create_message", metadata = ["none", "empty"] }}]',
            "several kinds of metadata need follow or followed_by",
            id="metadata by turns, but of one call",
        ),
        pytest.param(
            f'{TOP}{ENTRY}judges = ["call-2"]\n{CALLS}',
            "contract group/name: judges no call 'call-2'; did you mean 'call-1'?",
            id="judges nothing",
        ),
        pytest.param(
            f"{TOP}{ENTRY}{CALLS}\nmodel = 5", "contract group/name, model: 5 is not of type",
            id="wrong type",
        ),
        pytest.param(
            f"{TOP}{ENTRY}{CALLS}".replace("must", "shall"), 'contract group/name, level: "shall"',
            id="unknown level",
        ),
        pytest.param(
            f"{TOP}{ENTRY}{CALLS}".replace("group/name", "Group"), '"Group" does not match',
            id="malformed id",
        ),
        pytest.param(f"{TOP}{ENTRY}", "contract group/name", id="neither calls nor generator"),
        pytest.param(
            f'{TOP}{ENTRY}{CALLS}\nchecks = ["heather"]', '"heather" is not one of',
            id="unknown check",
        ),
        pytest.param(
            f"{TOP}{ENTRY}{CALLS}{ENTRY}{CALLS}", "x.toml: the id 'group/name' is used twice",
            id="duplicate id",
        ),
        pytest.param(
            f'{TOP}{ENTRY}calls = [{{ do = "create_message", task = "tusk" }}]',
            "no task id is called 'tusk' in [task_ids]; did you mean 'task'?",
            id="unknown task id",
        ),
        pytest.param(
            f"{TOP}{ENTRY}calls = [{{ do = 'complete_prompt', name = 'one' }}, "
            "{ do = 'complete_prompt', name = 'two', during = 'ones' }]",
            "'two' refers to no earlier call 'ones'; did you mean 'one'?", id="unknown call",
        ),
        pytest.param(
            f"{TOP}{ENTRY}calls = [{{ do = 'complete_prompt', name = 'one', together = 'two' }}, "
            "{ do = 'complete_prompt', name = 'two' }]",
            "'one' refers to no earlier call 'two'", id="later call",
        ),
        pytest.param(
            f"{TOP}{ENTRY}calls = [{{ do = 'complete_prompt', name = 'one' }}, "
            "{ do = 'complete_prompt', name = 'one' }]",
            "two calls are named 'one'", id="two calls of one name",
        ),
    ],
)  # fmt: skip
def test_a_bad_table_is_told(table: str, told: str) -> None:
    with pytest.raises(TableError, match=re.escape(told)) as raised:
        read_table(table, "x.toml")
    assert "x.toml" in str(raised.value)
    assert raised.value.exit_code == 2


def test_an_id_in_two_tables_is_told(tmp_path: Path) -> None:
    for name in ("10-a.toml", "20-b.toml"):
        tmp_path.joinpath(name).write_text(f"{TOP}{ENTRY}{CALLS}", encoding="utf-8")
    with pytest.raises(TableError, match=r"^20-b.toml: the id 'group/name' is used twice$"):
        load_tables(tmp_path)


def test_tables_are_read_in_order_of_their_names_and_other_files_left_alone(tmp_path: Path) -> None:
    for name in ("20-b.toml", "10-a.toml", "note.txt"):
        entry = ENTRY.replace("group/name", f"group/{name[:2]}")
        tmp_path.joinpath(name).write_text(f"{TOP}{entry}{CALLS}", encoding="utf-8")
    assert [contract.id for contract in load_tables(tmp_path)] == ["group/10", "group/20"]

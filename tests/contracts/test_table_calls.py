"""How the entries of a table become calls: their metadata, messages, answers and order."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._errors import TableError
from litellm_contracts._model import ANSWER, OMITTED
from litellm_contracts._table_calls import every_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from litellm_contracts._model import Call


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
            'metadata = "empty", extra_metadata = { nulls = ["mode"] }', {"mode": None}, id="null"
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


def test_copies_are_calls_of_their_own(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    calls = read_calls("""
        calls = [
          { name = "streaming", do = "create_message" },
          { name = "new", do = "create_message", task = "task", fresh = true, copies = 3 },
        ]""")
    assert [call.name for call in calls] == ["streaming", "new-1", "new-2", "new-3"]
    assert [call.task_id for call in calls[1:]] == ["task-0001", "task-0002", "task-0003"]
    assert len({call.marker for call in calls}) == 4


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
        pytest.param("as_tool_results = 1", ["assistant", "tool"], id="tool result"),
    ],
)  # fmt: skip
def test_the_marker_is_in_the_last_message(
    read_calls: Callable[[str], tuple[Call, ...]], entry: str, roles: list[str]
) -> None:
    [call] = read_calls(f'calls = [{{ do = "create_message", {entry} }}]')
    assert [message["role"] for message in call.messages] == roles
    assert call.marker in json.dumps(call.messages[-1])
    assert call.marker not in json.dumps(call.messages[:-1])


def test_a_tool_s_results_are_alike_to_the_letter(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    [call] = read_calls('calls = [{ do = "create_message", as_tool_results = 3 }]')
    assert [message["role"] for message in call.messages] == ["assistant", "tool"] * 3
    asked = [message["tool_calls"][0] for message in call.messages[::2]]
    assert all(one["function"] == asked[0]["function"] for one in asked)
    results = call.messages[1::2]
    assert [one["id"] for one in asked] == [result["tool_call_id"] for result in results]
    assert len({one["id"] for one in asked}) == 3
    assert {result["content"] for result in results} == {f"Say hello. {call.marker}"}


def test_a_message_of_the_history_may_be_written_as_it_is_sent(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    [call] = read_calls("""
        calls = [{ do = "create_message", history = [
          ["user", "Hello."], { role = "assistant", content = "", refusal = "I cannot." },
          { role = "tool", content = { repeat = "ab", times = 2 } }, { role = "assistant" },
        ] }]""")
    assert call.messages[:-1] == (
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "", "refusal": "I cannot."},
        {"role": "tool", "content": "abab"},
        {"role": "assistant"},
    )


def test_a_message_of_the_history_may_hold_nulls(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    [call] = read_calls("""
        calls = [{ do = "create_message", history = [
          { role = "assistant", content = "Hello.", nulls = ["refusal", "audio"] },
        ] }]""")
    assert call.messages[0] == {
        "role": "assistant",
        "content": "Hello.",
        "refusal": None,
        "audio": None,
    }


def test_metadata_may_hold_long_texts(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    [call] = read_calls("""
        [[contract.calls]]
        do = "create_message"
        task = "task"
        [contract.calls.extra_metadata]
        mode = "code"
        nulls = ["tool_choice"]
        tools = [{ description = { repeat = "ab", times = 2 }, strict = true }]
        """)
    assert call.metadata == {
        "task_id": "task-0001",
        "mode": "code",
        "tool_choice": None,
        "tools": [{"description": "abab", "strict": True}],
    }


def test_a_call_may_be_like_another(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    one, two, three = read_calls("""
        calls = [
          { name = "one", do = "create_message", task = "task", may_fail = true },
          { name = "two", like = "one", do = "create_message", system_prompt = "Be brief." },
          { name = "three", like = "two", do = "create_message", may_fail = true },
        ]""")
    assert (one.system_prompt, two.system_prompt) == ("You are a careful assistant.", "Be brief.")
    assert (three.system_prompt, three.name) == ("Be brief.", "three")
    assert [call.metadata for call in (one, two, three)] == [{"task_id": "task-0001"}] * 3
    assert [call.may_fail for call in (one, two, three)] == [True] * 3
    assert len({call.marker for call in (one, two, three)}) == 3


def test_calls_without_a_name_are_like_no_other(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    one, two = read_calls("""
        calls = [
          { do = "create_message", task = "task", may_fail = true },
          { do = "create_message" },
        ]""")
    assert (one.may_fail, two.may_fail) == (True, False)
    assert (one.metadata, two.metadata) == ({"task_id": "task-0001"}, OMITTED)


def test_a_call_is_like_an_earlier_one(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    with pytest.raises(TableError, match="'two' is like no earlier call 'on'; did you mean 'one'"):
        read_calls("""
            calls = [
              { name = "one", do = "create_message" },
              { name = "two", like = "on", do = "create_message" },
            ]""")


def test_a_text_may_end_in_half_of_a_character(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    [call] = read_calls("""calls = [{ do = "create_message", text = { half = "Half: " } }]""")
    assert call.messages[-1]["content"] == f"Half: \ud83d {call.marker}"


def test_a_call_may_continue_another(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    one, two, three = read_calls("""
        calls = [
          { name = "one", do = "create_message", task = "task" },
          { name = "two", do = "create_message", continues = "one", answers = [{ reply = "2." }] },
          { name = "three", do = "create_message", continues = "two" },
        ]""")
    assert two.messages[:-1] == (*one.messages, {"role": "assistant", "content": ANSWER})
    assert three.messages[:-1] == (*two.messages, {"role": "assistant", "content": "2."})
    assert three.marker in three.messages[-1]["content"]


def test_a_call_may_continue_another_after_an_edited_history(
    read_calls: Callable[[str], tuple[Call, ...]],
) -> None:
    _, two = read_calls("""
        calls = [
          { name = "one", do = "create_message", history = [["user", "a"], ["assistant", "b"]] },
          { name = "two", do = "create_message", continues = "one", history = [["user", "c"]] },
        ]""")
    said = [message["content"].partition(" [")[0] for message in two.messages]
    assert said == ["c", "Say hello.", ANSWER, "Say hello."]


def test_a_call_continues_an_earlier_one(read_calls: Callable[[str], tuple[Call, ...]]) -> None:
    with pytest.raises(
        TableError, match="'two' continues no earlier call 'on'; did you mean 'one'"
    ):
        read_calls("""
            calls = [
              { name = "one", do = "create_message" },
              { name = "two", do = "create_message", continues = "on" },
            ]""")

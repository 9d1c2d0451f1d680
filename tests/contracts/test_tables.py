"""How tables become contracts, and what is told of a bad one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from litellm_contracts._errors import TableError
from litellm_contracts._model import Level
from litellm_contracts._tables import load_tables, read_table

if TYPE_CHECKING:
    from pathlib import Path


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
        pytest.param(
            f"{TOP}{ENTRY}calls = [{{ do = 'create_message', answers = [{{ reply = 'One, two.', "
            "pieces = ['One, ', 'two'] }] }]",
            "the pieces of 'One, two.' do not make it up", id="pieces of another text",
        ),
        pytest.param(
            f"{TOP}{ENTRY}calls = [{{ do = 'create_message', answers = [{{ reply = '', "
            "tool_calls = [{ name = 'read', arguments = '{\"a\": 1}', pieces = ['{', '}'] }] }] }]",
            "the pieces of '{\"a\": 1}' do not make it up", id="pieces of other arguments",
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

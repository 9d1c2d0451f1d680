from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from litellm_contracts import _bisect_environments
from litellm_contracts._bisect_environments import Question, _suite, find_uv, look
from litellm_contracts._errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE = Question(kind="probe", id="redirect-307")
CONTRACT = Question(kind="contract", id="presence/first-turn", handler="my.py:Handler")
ANSWER = {"probes": [{"seen": "APIStatusError"}]}

# Stands for uv, which would need an index: it notes what it is asked, and "makes" an environment
# whose Python is a script that answers what the test says.
FAKE_UV = """\
#!{python}
import os, pathlib, stat, sys
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
if {fails!r} and {fails!r} in " ".join(sys.argv):
    sys.exit("  cause: Because openai=={fails} is not there.")
if sys.argv[1] == "venv":
    place = pathlib.Path(sys.argv[-1], "bin", "python")
    place.parent.mkdir(parents=True)
    place.write_text({program!r})
    place.chmod(place.stat().st_mode | stat.S_IXUSR)
"""
FAKE_PYTHON = """\
#!{python}
import pathlib, sys
answer, code = {answer!r}, {code!r}
if answer:
    pathlib.Path(sys.argv[-1]).write_text(answer)
print("litellm-contracts: " + " ".join(sys.argv[1:-1]), file=sys.stderr)
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="scripts stand for programs")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the file in which the fake uv notes what it is asked."""
    return tmp_path / "log"


@pytest.fixture
def uv(tmp_path: Path, log: Path) -> Callable[..., str]:
    """Return a factory of uv programs: what the environment answers, and what cannot be done."""

    def make(answer: object = None, code: int = 0, fails: str = "") -> str:
        text = "" if answer is None else json.dumps(answer)
        program = FAKE_PYTHON.format(python=sys.executable, answer=text, code=code)
        path = tmp_path / "uv"
        path.write_text(
            FAKE_UV.format(python=sys.executable, log=str(log), fails=fails, program=program),
            encoding="utf-8",
        )
        path.chmod(0o755)
        return str(path)

    return make


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        pytest.param(PROBE, ANSWER, "APIStatusError", id="probe"),
        pytest.param(
            CONTRACT,
            {
                "contracts": [
                    {"id": "presence/first-turn-2", "status": "not-run"},
                    {"id": "presence/first-turn", "status": "fail"},
                ]
            },
            "fail",
            id="contract",
        ),
    ],
)
def test_the_row_s_value_is_returned(
    uv: Callable[..., str], question: Question, answer: dict[str, Any], value: str
) -> None:
    assert look(question, Version("1.66.0"), uv(answer, code=1), pytest.fail) == value


def test_the_sdk_is_installed_first_and_its_pins_hold(uv: Callable[..., str], log: Path) -> None:
    question = Question(kind="probe", id="retries", requirements=("my-handler",))
    look(question, Version("1.5.0"), uv(ANSWER), pytest.fail)
    venv, sdk, suite = log.read_text(encoding="utf-8").splitlines()
    assert venv.startswith(f"venv --quiet --python {sys.executable} ")
    assert sdk.endswith("openai==1.5.0 httpx<0.28 my-handler")
    assert suite.endswith(" httpx<0.28")
    assert "openai" not in suite


def test_nothing_is_left_of_the_environment(uv: Callable[..., str], log: Path) -> None:
    look(PROBE, Version("1.66.0"), uv(ANSWER), pytest.fail)
    place = Path(log.read_text(encoding="utf-8").splitlines()[0].split()[-1])
    assert place.name == "environment"
    assert not place.parent.exists()


def test_what_cannot_be_installed_is_told(uv: Callable[..., str]) -> None:
    told: list[str] = []
    assert look(PROBE, Version("1.66.0"), uv(fails="1.66.0"), told.append) is None
    assert told == [
        "openai 1.66.0 cannot be installed: cause: Because openai==1.66.0 is not there."
    ]


def test_a_probe_without_an_answer_is_told(uv: Callable[..., str]) -> None:
    told: list[str] = []
    assert look(PROBE, Version("1.66.0"), uv(code=4), told.append) is None
    [line] = told
    assert line.startswith("openai 1.66.0 cannot be looked at: litellm-contracts: -P -m ")


def test_a_handler_that_cannot_be_started_is_an_answer(uv: Callable[..., str]) -> None:
    value = look(CONTRACT, Version("1.66.0"), uv(code=3), pytest.fail)
    assert value is not None
    assert value.startswith("cannot be judged: litellm-contracts: ")
    assert "check my.py:Handler -k presence/first-turn" in value


def test_a_contract_is_asked_of_the_default_handler_where_none_is_named() -> None:
    words = Question(kind="contract", id="a/b").command(Path("f"))
    assert words == ["check", "-k", "a/b", "--jobs", "1", "--json", "f"]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        pytest.param(None, ["litellm-contracts==9.9"], id="index"),
        pytest.param(
            {"url": "file:///a%20b/c", "dir_info": {"editable": True}},
            ["--editable", "/a b/c"],
            id="folder",
        ),
        pytest.param(
            {"url": "https://example.com/x.whl", "archive_info": {}},
            ["litellm-contracts @ https://example.com/x.whl"],
            id="archive",
        ),
    ],
)
def test_the_suite_is_installed_from_where_it_came(
    monkeypatch: pytest.MonkeyPatch, origin: dict[str, object] | None, words: list[str]
) -> None:
    class Distribution:
        version = "9.9"

        def read_text(self, _: str) -> str | None:
            return None if origin is None else json.dumps(origin)

    monkeypatch.setattr(metadata, "distribution", lambda _: Distribution())
    assert _suite() == words


def test_without_uv_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(_bisect_environments.sys, "executable", "/nowhere/python")
    with pytest.raises(UsageError, match="pip install uv"):
        find_uv()

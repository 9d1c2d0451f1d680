from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fake_litellm import FakeLiteLLM

USER_TESTS = """
import json
import urllib.request

import pytest

def ask(server):
    data = json.dumps({"model": "m", "messages": []}).encode()
    url = f"{server.base_url}/v1/chat/completions"
    with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
        return answer.status

@pytest.mark.parametrize("number", range(4))
def test_a_server_of_its_own(fake_litellm, number):
    assert len(fake_litellm.journal) == 0
    assert ask(fake_litellm) == 200
    assert len(fake_litellm.journal) == 1
    with open(f"port-{number}", "w") as file:
        file.write(str(fake_litellm.port))
"""
UNUSED = """
import sys
import fake_litellm.pytest_plugin
print([name for name in sys.modules if "werkzeug" in name or name.startswith("fake_litellm.")])
"""
WORKERS = ["-p", "xdist", "-n", "2"] if find_spec("xdist") else []


@pytest.fixture
def only_this_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the inner runs fast."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "fake_litellm.pytest_plugin")


def test_the_fixture_serves(fake_litellm: FakeLiteLLM) -> None:
    assert fake_litellm.is_running()
    assert fake_litellm.base_url.startswith("http://127.0.0.1:")


@pytest.mark.usefixtures("only_this_plugin")
def test_each_test_has_its_own_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USER_TESTS)
    pytester.runpytest_subprocess(*WORKERS).assert_outcomes(passed=4)
    ports: list[Path] = sorted(pytester.path.glob("port-*"))
    assert len(ports) == 4
    assert all(int(port.read_text("utf-8")) > 0 for port in ports)


@pytest.mark.usefixtures("only_this_plugin")
def test_the_server_is_stopped_when_the_test_ends(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        servers = []

        def test_one(fake_litellm):
            servers.append(fake_litellm)

        def test_two():
            assert not servers[0].is_running()
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_run_that_does_not_use_it_loads_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNUSED], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['fake_litellm.pytest_plugin']\n"

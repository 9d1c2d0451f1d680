"""Runs the snippets of the documentation, and compares what they print with what it shows.

In a `console` block, lines that begin with `$` are commands; the lines after them are what they
print, `...` standing for anything. Seconds and the installed versions may differ. On a page with
files of its own (blocks with a title) the commands run in a folder that holds those above them,
else in the repository.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages import PAGES, ROOT, write_files
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

if TYPE_CHECKING:
    from sybil import Example

LIMIT = 120
FREE = [
    (re.compile(r"\b\d+\.\d s\b"), "N s"),
    (re.compile(r"\b\d+%"), "N%"),
    (re.compile(r"openai \d[\w.]+"), "openai V"),
    (re.compile(r"Python \d[\w.]+"), "Python V"),
]


def run_console(example: Example) -> None:
    """Run the commands of a console block in one shell."""
    lines = example.parsed.splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    expected = "\n".join(line for line in lines if not line.startswith("$ ")) + "\n"
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            ["/bin/bash", "-c", "\n".join(commands)],
            cwd=folder if write_files(example.document, Path(folder), example.start) else ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as shell,
    ):
        shell.wait(LIMIT)
        with contextlib.suppress(ProcessLookupError):  # nothing was started with &
            os.killpg(shell.pid, signal.SIGTERM)
        printed, _ = shell.communicate()
    for pattern, word in FREE:
        expected, printed = pattern.sub(word, expected), pattern.sub(word, printed)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(expected, printed, options), printed


SYBIL = Sybil(
    parsers=[
        CodeBlockParser(language="console", evaluator=run_console),
        PythonCodeBlockParser(),
    ],
)
SNIPPETS = [
    pytest.param(example, id=f"{page.relative_to(ROOT)}:{example.line}")
    for page in PAGES
    for example in SYBIL.parse(page).examples()
]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippet_does_what_the_page_says(snippet: Example) -> None:
    snippet.evaluate()

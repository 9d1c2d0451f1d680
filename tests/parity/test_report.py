from __future__ import annotations

import re
from typing import TYPE_CHECKING

from parity import report

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_line_says_release_date_and_counts() -> None:
    assert re.fullmatch(
        r"Fake validated against LiteLLM 1\.106\.2 on \d{4}-\d\d-\d\d: "
        r"\d+ exchanges, \d+ known differences\.",
        report.line(),
    )


def test_prints_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main([]) == 0
    assert capsys.readouterr().out == f"{report.line()}\n"


def test_updates_a_document(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("# A\n\nFake validated against LiteLLM 1.0.0 on x.\n\nB\n", "utf-8")

    assert report.main(["--update", str(document)]) == 0
    assert document.read_text("utf-8") == f"# A\n\n{report.line()}\n\nB\n"


def test_a_document_without_the_line_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "README.md"
    document.write_text("# A\n", "utf-8")

    assert report.main(["--update", str(document)]) == 1
    assert "has no line that begins as" in capsys.readouterr().err

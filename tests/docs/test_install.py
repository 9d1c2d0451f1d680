"""The README's first command, as a new user runs it: in a virtual environment of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_first_command_installs_and_judges_the_bundled_handler(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.findall(r"^```sh\n(.*litellm-contracts check)\n```$", readme, re.MULTILINE)[0]
    venv.create(tmp_path, with_pip=True, symlinks=sys.platform != "win32")
    done = subprocess.run(
        ["/bin/bash", "-c", f'. "{tmp_path}/bin/activate" && {command}'],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nconformant: " in done.stdout

"""The README's lines, as a reader would run them."""

import pathlib
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.simulated("the examples connect by themselves")

README = pathlib.Path(__file__).parents[1] / "README.md"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_lines_run_one_after_the_other(tmp_path):
    program = tmp_path / "readme.py"
    program.write_text("\n".join(blocks("python")), encoding="utf-8")
    ended = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def test_five_minutes_are_enough(pytester):
    (program,) = [block for block in blocks("python") if "def test_" in block]
    commands = next(block for block in blocks("sh") if block.startswith("pytest"))
    command = commands.splitlines()[0].split()
    assert command == ["pytest", "test_firmware.py"]
    pytester.makepyfile(test_firmware=program)
    pytester.runpytest_subprocess(*command[1:]).assert_outcomes(passed=3)

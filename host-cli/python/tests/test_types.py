"""Type checkers: of the package itself, and of programs with a stub of their device."""

import os
import shutil
import subprocess
import sys

import pytest

import serial_rpc
from serial_rpc import stubs

pytestmark = pytest.mark.simulated("the stub is that of the simulated device")

PROGRAM = """
from typing import TYPE_CHECKING, cast

import serial_rpc

if TYPE_CHECKING:
    from rig import AsyncDevice, Device

device = cast("Device", serial_rpc.connect("sim"))
total: int = device.calculator.add(2, 3)
mean: float = device.calculator.statistics([1.0, 2.0]).mean
kind = device.types.MathError.DivideByZero
operation = device.types.Operation
replayed: int = device.calculator.replay([operation.Accumulate(1), operation.Add(1, 2)])
for calculation in device.calculator.history():
    print(calculation.operation, calculation.result)
for event in device.calculator.total_changed.subscribe():
    print(event.total, event.lost)
data: bytes = device.blocks["notes"].read()
patient: int = device.within(60).calculator.total()


async def later(device: "AsyncDevice") -> int:
    async for event in device.calculator.total_changed:
        print(event.total)
    return await device.calculator.add(2, 3)
"""

CHECKERS = [["mypy", "--strict"], ["pyright", "--pythonpath", sys.executable]]

MISTAKES = [
    'device.calculator.add(2, "3")',
    "device.calculator.add(2)",
    "device.calculator.ad(2, 3)",
    "device.calculator.add(2, z=3)",
    "text: str = device.calculator.add(2, 3)",
    "device.calculator.replay([1])",
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "rig.pyi").write_text(stubs.stub(serial_rpc.connect("sim")), encoding="utf-8")
    return tmp_path


def check(checker, folder, program):
    (folder / "program.py").write_text(program, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", *checker, "program.py"],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )


@pytest.mark.parametrize("checker", CHECKERS, ids=["mypy", "pyright"])
def test_a_program_is_accepted_and_each_mistake_is_found(folder, checker):
    pytest.importorskip(checker[0])
    accepted = check(checker, folder, PROGRAM)
    assert accepted.returncode == 0, accepted.stdout
    lines = PROGRAM.count("\n") + 1
    refused = check(checker, folder, PROGRAM + "\n".join(MISTAKES) + "\n")
    found = {
        int(line.split(":")[1]) for line in refused.stdout.splitlines() if ": error:" in line or " - error:" in line
    }
    assert found == set(range(lines, lines + len(MISTAKES))), refused.stdout


def test_the_package_is_typed():
    pytest.importorskip("mypy")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "-p", "serial_rpc"],
        capture_output=True, text=True, timeout=300,
    )
    assert checked.returncode == 0, checked.stdout


def written(*arguments, **options):
    command = [sys.executable, "-m", "serial_rpc.stubs", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, **options)


def test_the_stub_of_a_device_or_a_description_comes_from_the_command_line(tmp_path):
    device = serial_rpc.connect("sim")
    expected = stubs.stub(device).encode()
    file = tmp_path / "calculator.description"
    file.write_bytes(device.description)
    assert written("--port", "sim").stdout == expected
    assert written("--description", file).stdout == expected
    assert written("--description", "-", input=device.description).stdout == expected


def test_what_is_no_device_and_no_description_is_said():
    no_port = written("--port", "/dev/nothing-here")
    assert no_port.returncode == 3 and b"/dev/nothing-here" in no_port.stderr
    no_description = written("--description", "-", input=b"nothing")
    assert no_description.returncode == 2 and b"no description" in no_description.stderr
    no_file = written("--description", "/nothing/here")
    assert no_file.returncode == 2 and b"/nothing/here" in no_file.stderr


@pytest.mark.skipif(shutil.which("serial-rpc") is None, reason="the program serial-rpc is not on the PATH")
def test_the_program_writes_the_same():
    command = ["serial-rpc", "--port", "sim", "stubs"]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    program = subprocess.run(command, capture_output=True, timeout=60, env={**os.environ, "PATH": path})
    assert program.stdout == stubs.stub(serial_rpc.connect("sim")).encode(), program.stderr

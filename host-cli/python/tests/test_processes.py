"""What happens to a connection when its process is interrupted, forks or ends."""

import os
import signal
import subprocess
import sys
import time

import pytest

import serial_rpc

pytestmark = pytest.mark.simulated("the processes are started here")


def run(program, **options):
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, **options
    )


def test_an_interpreter_ends_with_a_subscription_open():
    ended = run(
        "import serial_rpc\n"
        "device = serial_rpc.connect('sim')\n"
        "events = device.calculator.total_changed.subscribe(print)\n"
        "stream = device.calculator.history()\n"
        "next(stream, None)\n"
        "print(device.calculator.add(2, 3))\n"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "5\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_forked_process_is_told_to_connect_again():
    ended = run(
        "import os, serial_rpc\n"
        "device = serial_rpc.connect('sim')\n"
        "device.calculator.add(2, 3)\n"
        "child = os.fork()\n"
        "if child:\n"
        "    os.waitpid(child, 0)\n"
        "    print(device.calculator.add(2, 3))\n"
        "else:\n"
        "    try:\n"
        "        print(device.calculator.add(2, 3))\n"
        "    except serial_rpc.Error as error:\n"
        "        print(error)\n"
        "    print(serial_rpc.connect('sim').calculator.add(3, 3), flush=True)\n"
        "    os._exit(0)\n"
    )
    refused, fresh, parent = ended.stdout.splitlines()
    assert "connect again after fork()" in refused
    assert (fresh, parent) == ("6", "5")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent in another way there")
def test_ctrl_c_ends_a_wait_at_once():
    program = (
        "import serial_rpc, signal\n"
        # Where the tests run in the background, it is ignored at first.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "device = serial_rpc.connect('sim')\n"
        "events = device.calculator.total_changed.subscribe()\n"
        "print('waiting', flush=True)\n"
        "try:\n"
        "    next(events)\n"
        "except KeyboardInterrupt:\n"
        "    print(device.calculator.add(2, 3), flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "waiting\n"
    time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=30)[0] == "5\n"
    assert child.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_calls_leave_nothing_behind():
    def memory():
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    calls = int(os.environ.get("SERIAL_RPC_CALLS", "1000000"))
    device = serial_rpc.connect("sim")

    def work(count):
        for number in range(count):
            assert device.calculator.add(number, 1) == number + 1

    work(5_000)
    before = memory(), sys.getrefcount(None)
    work(calls)
    grown = memory() - before[0]
    assert grown < 2_000_000, f"{grown} bytes more after {calls} calls"
    if sys.version_info < (3, 12):  # None is immortal from then on
        assert sys.getrefcount(None) - before[1] < 100

"""Measures calls a second over a pseudo-terminal, beside pyserial and other callers, in one run.

    cargo build --release -p host-cli
    pip install ./host-cli/python pyserial arduino-simple-rpc 'smpclient[serial]'
    python host-cli/python/benchmarks/calls.py target/release/serial-rpc

Only the ratios mean anything on another machine. A caller that is not installed is left out. Each has a
device of its own in another process: that of this package is a simulated one, which serves the whole
protocol; those of the others only answer (`answering.py`).
"""

from __future__ import annotations

import asyncio
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import serial
from answering import echo, simple_rpc_device, smp_device

import serial_rpc

ROUNDS = 7
#: The calls of a caller in a round go on for at least that long, in seconds.
AT_LEAST = 0.5

#: The lengths of a call of add(2, 3) and of its reply on the line.
REQUEST, REPLY = 10, 8

Call = Callable[[], object]


def rate(call: Call) -> float:
    """Returns how often a second a call can be made."""
    call()
    calls = 0
    started = time.perf_counter()
    while True:
        for _ in range(20):
            call()
        calls += 20
        taken = time.perf_counter() - started
        if taken >= AT_LEAST:
            return calls / taken


def raw_echo(port: str) -> Call:
    """Returns a call that only writes and reads as many bytes as a call has."""
    raw = serial.Serial(port, 115_200, timeout=2)

    def call() -> None:
        raw.write(bytes(REQUEST))
        if len(raw.read(REPLY)) != REPLY:
            sys.exit("the echo does not answer")

    return call


def simple_rpc_add(port: str) -> Call:
    """Returns a call of a device of simpleRPC, which is not given the time that a board takes to boot."""
    from simple_rpc import Interface

    interface = Interface(port, 115_200, wait=0)
    return lambda: interface.add(2, 3)


def smp_echo(port: str) -> Call:
    """Returns a call of MCUmgr's echo."""
    from smpclient import SMPClient
    from smpclient.requests.os_management import EchoWrite
    from smpclient.transport.serial import SMPSerialTransport

    loop = asyncio.new_event_loop()
    client = SMPClient(SMPSerialTransport(), port)
    loop.run_until_complete(client.connect())
    return lambda: loop.run_until_complete(client.request(EchoWrite(d="2, 3")))


@contextmanager
def simulated(program: str) -> Iterator[serial_rpc.Device]:
    """Connects to a device that another process simulates on a pseudo-terminal."""
    with subprocess.Popen(
        [program, "simulate", "--pty"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        if process.stdout is None:
            sys.exit("the simulated device has no port")
        with serial_rpc.connect(process.stdout.readline().strip()) as device:
            yield device
        process.terminate()


def main() -> None:
    """Prints the rates and their ratios to that of the raw echo."""
    # They fork, so they come before anything that has threads.
    raw = echo(REQUEST, REPLY)
    others = {
        "simple_rpc": ("simple_rpc", simple_rpc_device, simple_rpc_add),
        "smpclient": ("smpclient, echo", smp_device, smp_echo),
    }
    ports = {
        module: start()
        for module, (_, start, _) in others.items()
        if importlib.util.find_spec(module)
    }
    with ExitStack() as stack:
        device = stack.enter_context(simulated(sys.argv[1]))
        calls: dict[str, Call] = {
            "raw echo by pyserial": raw_echo(raw),
            "serial_rpc": lambda: device.calculator.add(2, 3),
        }
        for module, port in ports.items():
            name, _, connected = others[module]
            calls[name] = connected(port)
        rounds = [{name: rate(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    print("| caller | calls a second | as a ratio to the raw echo | least and most |")
    print("|--------|---------------:|---------------------------:|----------------|")
    for name in calls:
        median = statistics.median(a_round[name] for a_round in rounds)
        ratios = [a_round[name] / a_round["raw echo by pyserial"] for a_round in rounds]
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        print(f"| {name} | {median:.0f} | {statistics.median(ratios):.3f} | {spread} |")


if __name__ == "__main__":
    main()

"""Measures calls a second over a pseudo-terminal, beside a raw echo by pyserial in the same run.

    cargo build --release -p host-cli
    pip install ./host-cli/python pyserial
    python host-cli/python/benchmarks/calls.py target/release/serial-rpc

Only the ratio means anything on another machine. `smpclient` and `simple_rpc` talk to firmware of their
own, of which there is none for a pseudo-terminal, so they are not here.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Callable

import serial

import serial_rpc

ROUNDS = 5
CALLS = 2_000

#: The lengths of a call of add(2, 3) and of its reply on the line.
REQUEST, REPLY = 10, 8


def rate(action: Callable[[], None]) -> float:
    """Returns how often a second an action can be done."""
    action()
    started = time.perf_counter()
    for _ in range(CALLS):
        action()
    return CALLS / (time.perf_counter() - started)


def echo() -> str:
    """Starts a process that answers each request with as many bytes as a reply has. Returns its port."""
    master, slave = os.openpty()
    tty.setraw(slave)
    if os.fork() == 0:
        os.close(slave)
        answer = bytes(REPLY)
        left = REQUEST
        while True:
            try:
                left -= len(os.read(master, left))
            except OSError:
                os._exit(0)
            if left == 0:
                left = REQUEST
                os.write(master, answer)
    os.close(master)
    return os.ttyname(slave)


def main() -> None:
    """Prints the rates and their ratio."""
    port = echo()
    with subprocess.Popen(
        [sys.argv[1], "simulate", "--pty"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as simulated:
        if simulated.stdout is None:
            sys.exit("the simulated device has no port")
        device = serial_rpc.connect(simulated.stdout.readline().strip())
        raw = serial.Serial(port, 115_200, timeout=2)

        def raw_call() -> None:
            raw.write(bytes(REQUEST))
            if len(raw.read(REPLY)) != REPLY:
                sys.exit("the echo does not answer")

        rounds = [
            (rate(raw_call), rate(lambda: device.calculator.add(2, 3))) for _ in range(ROUNDS)
        ]
        device.close()
        simulated.terminate()
    echoes, calls = zip(*rounds, strict=True)
    ratios = [call / echo for echo, call in rounds]
    print(f"raw echo by pyserial:  {statistics.median(echoes):8.0f} a second")
    print(f"device.calculator.add: {statistics.median(calls):8.0f} a second")
    print(f"ratio: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()

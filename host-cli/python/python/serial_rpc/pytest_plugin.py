"""A pytest plugin: the fixture `device`, on a real port or simulated.

    def test_add(device):
        assert device.calculator.add(2, 3) == 5

``pytest --serial-rpc-port /dev/ttyACM0`` runs the same tests on hardware. A test that fails is reported
with the device's log, and with the link's counters and last frames.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import serial_rpc

_OPTION = "--serial-rpc-port"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options."""
    group = parser.getgroup("serial-rpc", "devices on a serial link")
    group.addoption(
        _OPTION,
        default=None,
        metavar="PORT",
        help="the device's port: a path, VID:PID, id:SERIAL, tcp:HOST:PORT, or sim (the default)",
    )
    group.addoption(
        "--serial-rpc-baud", type=int, default=None, metavar="BAUD", help="the speed of the port"
    )
    group.addoption(
        "--serial-rpc-timeout",
        type=float,
        default=None,
        metavar="SECONDS",
        help="how long a call may take",
    )
    group.addoption(
        "--serial-rpc-reset",
        default=None,
        metavar="PATH",
        help="the procedure that resets the device, called before each test: system.reset",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers."""
    for line in (
        "hardware(reason): needs a real device; skipped on a simulated one",
        "simulated(reason): needs a simulated device; skipped on a real one",
        "serial_rpc_faults(rate, seed=1): puts faults on the line of the simulated device",
    ):
        config.addinivalue_line("markers", line)


def _port(config: pytest.Config) -> str:
    return config.getoption(_OPTION) or "sim"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips the tests that this device is not for."""
    is_simulated = _port(config) == "sim"
    for item in items:
        marker = item.get_closest_marker("hardware" if is_simulated else "simulated")
        if marker is not None:
            reason = marker.kwargs.get("reason") or (marker.args[0] if marker.args else "")
            needs = "needs hardware" if is_simulated else "needs a simulated device"
            hint = f": run with {_OPTION} PORT" if is_simulated else ""
            text = f"{needs} ({reason}){hint}" if reason else f"{needs}{hint}"
            item.add_marker(pytest.mark.skip(reason=text))


class _Log(logging.Handler):
    """Keeps the lines of the device's log, for the report of a test that fails."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a line."""
        self.lines.append(f"{record.levelname}: {record.getMessage()}")


@pytest.fixture
def serial_rpc_faults(request: pytest.FixtureRequest) -> tuple[float, int]:
    """The rate of faults on the line for each byte, and the seed. Override it, or use the marker."""
    marker = request.node.get_closest_marker("serial_rpc_faults")
    if marker is None:
        return (0.0, 1)
    rate = marker.args[0] if marker.args else marker.kwargs.get("rate", 1e-3)
    return (float(rate), int(marker.kwargs.get("seed", 1)))


@pytest.fixture
def serial_rpc_simulated() -> serial_rpc.SimulatedDevice | None:
    """The device to use when no port is given. Override it to test with a device of your own."""
    return None


@pytest.fixture
def device(
    request: pytest.FixtureRequest,
    serial_rpc_faults: tuple[float, int],
    serial_rpc_simulated: serial_rpc.SimulatedDevice | None,
) -> Iterator[serial_rpc.Device]:
    """The device: a new connection and session for each test."""
    config = request.config
    connected = _connect(config, serial_rpc_faults, serial_rpc_simulated)
    log = _Log()
    logger = logging.getLogger("serial_rpc.device")
    logger.addHandler(log)
    kept = logger.level
    logger.setLevel(logging.DEBUG - 5)
    request.node.stash[_LOG] = log
    request.node.stash[_DEVICE] = connected
    try:
        with connected:
            reset = config.getoption("--serial-rpc-reset")
            if reset:
                connected.call(reset)
            if "log" in connected.services:
                connected.log_to(logger)
            yield connected
    finally:
        logger.removeHandler(log)
        logger.setLevel(kept)


def _connect(
    config: pytest.Config,
    faults: tuple[float, int],
    simulated: serial_rpc.SimulatedDevice | None,
) -> serial_rpc.Device:
    port = _port(config)
    timeout = config.getoption("--serial-rpc-timeout")
    rate, seed = faults
    if rate and port != "sim":
        pytest.skip("faults can only be put on the line of a simulated device")
    if port == "sim" and simulated is not None:
        simulated.power_cycle()
        return simulated.connect(timeout=timeout, faults=rate, seed=seed, trace=True)
    baud = config.getoption("--serial-rpc-baud")
    try:
        return serial_rpc.connect(
            port, baud=baud, timeout=timeout, faults=rate, seed=seed, trace=True
        )
    except serial_rpc.PortError as error:
        hint = f"\n{error.hint}" if error.hint else ""
        pytest.exit(f"no device: {error}{hint}", returncode=4)


#: How many lines of the trace a report has.
_TRACED = 40

_LOG = pytest.StashKey[_Log]()
_DEVICE = pytest.StashKey[serial_rpc.Device]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Adds the device's log, the link's counters and its last frames to the report of a test that failed."""
    report = yield
    if report.failed and call.when == "call" and _DEVICE in item.stash:
        lines = item.stash[_LOG].lines
        if lines:
            report.sections.append(("The device's log", "\n".join(lines)))
        counters = item.stash[_DEVICE].counters
        text = ", ".join(f"{name} {count}" for name, count in counters.items())
        trace = item.stash[_DEVICE].trace[-_TRACED:]
        report.sections.append(("The link", "\n".join([text, *trace])))
    return report

"""Call functions on a microcontroller over a serial link.

    >>> import serial_rpc
    >>> device = serial_rpc.connect("sim")
    >>> device.calculator.add(2, 3)
    5

`serial_rpc.aio` is the same for asyncio.
"""

from __future__ import annotations

from . import _native
from ._device import Block, Device, Event, Events, Stream, Subscription
from ._device import settings as _native_settings
from ._errors import (
    ArgumentError,
    BlockError,
    CallTimeout,
    Cancelled,
    Disconnected,
    Error,
    NoSuchProcedure,
    OtherDevice,
    OutcomeUnknown,
    PortError,
    ProcedureError,
    ProtocolError,
    Refused,
    ReplyError,
    Unreachable,
)
from ._simulation import SimulatedDevice, simulate
from ._types import Some

__all__ = [
    "ArgumentError",
    "Block",
    "BlockError",
    "CallTimeout",
    "Cancelled",
    "Device",
    "Disconnected",
    "Error",
    "Event",
    "Events",
    "NoSuchProcedure",
    "OtherDevice",
    "OutcomeUnknown",
    "PortError",
    "ProcedureError",
    "ProtocolError",
    "Refused",
    "ReplyError",
    "SimulatedDevice",
    "Some",
    "Stream",
    "Subscription",
    "Unreachable",
    "connect",
    "simulate",
]


def connect(
    port: str,
    *,
    baud: int | None = None,
    timeout: float | None = None,
    retries: int = 0,
    cache: bool = True,
    faults: float = 0.0,
    seed: int = 1,
    trace: bool = False,
) -> Device:
    """Connects to a device. Nothing is sent before the first call.

    `port` is the path of a serial port, "VID:PID", "VID:PID:SERIAL" or "id:SERIAL" for that of a USB
    device, "tcp:HOST:PORT", "unix:PATH" for the socket of a gateway, or "sim" for a device that is
    simulated in this process. A port that a gateway has is used through it.

    `baud` is the speed of a serial port (115200). `timeout` is how long a call may take, in seconds
    (2, and longer on a slow line). `retries` is how often an unanswered call is tried again, if it never
    ran or may run twice. With `cache`, a description that was read before is not read again.

    `faults` puts faults on the line of the simulated device: their rate for each byte, in places that
    `seed` determines. With `trace`, `Device.trace` has what passed on the link, in words.
    """
    settings = _native_settings(
        baud=baud, timeout=timeout, retries=retries, cache=cache, faults=faults, seed=seed, trace=trace
    )
    return Device(_native.Connection.open(port, settings))

"""Simulates a device whose procedures are written in Python, such as firmware that is yet to be written."""

from __future__ import annotations

import json
import logging
import os
import pathlib
from typing import Any

from . import _errors, _native
from ._device import Device, settings
from ._interface import Interface, Procedure, Service
from ._types import python_name

_LOGGER = logging.getLogger("serial_rpc.simulated")


class SimulatedDevice:
    """A device in this process with the interface of another, and procedures in Python."""

    def __init__(self, description: bytes, implementation: object) -> None:
        self._implementation = implementation
        self._native = _native.SimulatedDevice(description, self._serve)
        self._interface = Interface(json.loads(self._native.description()), _Nobody())
        #: The exceptions that procedures have raised and that are no error of theirs.
        self.raised: list[Exception] = []
        for path, procedure in self._interface.procedures.items():
            if procedure.kind != "event" and self._find(path) is None:
                _LOGGER.debug("%s has no method: calls of it fail", path)

    @property
    def types(self) -> Any:
        """The classes of the device's types."""
        return self._interface.types

    @property
    def errors(self) -> Any:
        """The exceptions for its procedures' own errors: a procedure raises one to end in it."""
        return self._interface.errors

    def connect(
        self,
        *,
        timeout: float | None = None,
        retries: int = 0,
        faults: float = 0.0,
        seed: int = 1,
        trace: bool = False,
    ) -> Device:
        """Connects to it, with the options of `serial_rpc.connect`."""
        chosen = settings(timeout=timeout, retries=retries, faults=faults, seed=seed, trace=trace)
        return Device(self._native.connect(chosen))

    def emit(self, path: str, **data: Any) -> None:
        """Sends an event, if somebody has subscribed to it: ``emit("door.moved", open=True)``."""
        self._native.emit(path, data)

    def power_cycle(self) -> None:
        """Switches the device off and on again. The object that implements it stays as it is."""
        self._native.power_cycle()

    def _find(self, path: str) -> Any:
        """Finds the method for a procedure: of the object, or of its attribute for the service."""
        service, _, name = path.rpartition(".")
        name = python_name(name)
        part = getattr(self._implementation, service, self._implementation)
        return getattr(part, name, None)

    def _serve(self, path: str, named: dict[str, Any]) -> tuple[str, Any]:
        procedure = self._interface.procedures[path]
        method = self._find(path)
        if method is None:
            return ("missing", None)
        try:
            return ("value", method(**procedure.lift_event(named)))
        except _errors.ProcedureError as error:
            return ("error", error.error)
        except Exception as error:
            return self._failed(path, error)

    def _failed(self, path: str, error: Exception) -> tuple[str, Any]:
        self.raised.append(error)
        _LOGGER.error("%s raised an exception", path, exc_info=error)
        return ("failed", None)


class _Nobody:
    """Makes no calls: the interface of a simulated device is not called through its description."""

    def call(self, *_: Any) -> Any:
        raise _errors.Error("connect to the simulated device to call it")

    stream = call
    feed = call

    def event(self, procedure: Procedure) -> None:
        return None

    def blocks(self) -> type[Service]:
        return Service

    def expectations(self, path: str) -> list[tuple[str, str]]:
        return []

    def signature(self, path: str) -> str:
        return path


def simulate(
    interface: bytes | str | os.PathLike[str] | Device, implementation: object
) -> SimulatedDevice:
    """Simulates a device with that interface, whose procedures are methods of an object.

    `interface` is a device, a description as `serial-rpc schema dump` writes it to a file, or the path of
    that file or of the Rust source of the interface: ``"src/interface.rs"``, or ``"src/interface.rs#Lamp"`` if the
    file has several. `implementation` has a method for each procedure, or an attribute for each service that has
    them. A method ends in the procedure's own error by raising `ProcedureError(…, error=…)`, or an exception
    of the device's `errors`.
    """
    match interface:
        case bytes():
            description = interface
        case Device():
            description = interface.description
        case _:
            of_source = _native.description_of_source(interface)
            description = of_source or pathlib.Path(interface).read_bytes()
    return SimulatedDevice(description, implementation)

"""A device for programs that wait for each call."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace, TracebackType
from typing import Any

from . import _errors, _native
from ._connected import Connected
from ._interface import Arguments, Asked, Interface, Named, Procedure, Service
from ._types import shown

Progress = Callable[[int, int], object]


def settings(
    *,
    baud: int | None = None,
    timeout: float | None = None,
    retries: int = 0,
    cache: bool = True,
    faults: float = 0.0,
    seed: int = 1,
    trace: bool = False,
) -> _native.Settings:
    """Returns the settings of a connection as the compiled half takes them."""
    return {
        "baud": baud,
        "timeout": timeout,
        "retries": retries,
        "cache": cache,
        "faults": (faults, seed) if faults else None,
        "trace": trace,
    }


class Event:
    """An event that came from the device. The attributes of its data are its own."""

    __slots__ = ("after_gap", "data", "lost")

    #: The data: an object with an attribute for each part.
    data: SimpleNamespace
    #: How many events were lost since the last one, of all kinds that are subscribed to.
    lost: int
    #: True if the device was reset or away since the last one.
    after_gap: bool

    def __init__(self, data: SimpleNamespace, lost: int, after_gap: bool) -> None:
        self.data = data
        self.lost = lost
        self.after_gap = after_gap

    def __getattr__(self, name: str) -> Any:
        return getattr(self.data, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.data, self.lost, self.after_gap) == (other.data, other.lost, other.after_gap)

    def __repr__(self) -> str:
        parts = [f"{name}={value!r}" for name, value in vars(self.data).items()]
        if self.lost:
            parts.append(f"lost={self.lost}")
        if self.after_gap:
            parts.append("after_gap=True")
        return f"Event({', '.join(parts)})"


def made_event(procedure: Procedure, plain: tuple[dict[str, Any], int, bool]) -> Event:
    """Makes an event of plain objects."""
    data, lost, after_gap = plain
    return Event(SimpleNamespace(**procedure.lift_event(data)), lost, after_gap)


class Subscription:
    """The events of one kind, from when it was made: an iterator that waits for them."""

    def __init__(self, native: _native.Subscription, procedure: Procedure) -> None:
        self._native = native
        self._procedure = procedure

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return made_event(self._procedure, next(self._native))

    def next(self, timeout: float) -> Event | None:
        """Waits for an event for up to that many seconds. None if none came."""
        plain = self._native.next_within(timeout)
        return None if plain is None else made_event(self._procedure, plain)

    def close(self) -> None:
        """Ends the subscription."""
        self._native.close()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Events:
    """The events of one kind that a device can send. Iterating over it subscribes to them."""

    def __init__(self, native: _native.Connection, procedure: Procedure) -> None:
        self._native = native
        self._procedure = procedure
        self.__doc__ = procedure.doc

    def subscribe(self, callback: Callable[[Event], object] | None = None) -> Subscription:
        """Subscribes to the events: what comes from now on is kept until it is taken.

        With a callback, a thread takes each event and calls it. An exception in it is reported as one in
        a thread is (`threading.excepthook`), and the next event is taken.
        """
        subscription = Subscription(self._native.subscribe(self._procedure.path), self._procedure)
        if callback is not None:
            name = f"serial_rpc {self._procedure.path}"
            run = lambda: _take_all(subscription, callback)  # noqa: E731
            threading.Thread(target=run, name=name, daemon=True).start()
        return subscription

    def __iter__(self) -> Iterator[Event]:
        return self.subscribe()

    def __repr__(self) -> str:
        return f"<events {self._procedure.path}>"


def _take_all(subscription: Subscription, callback: Callable[[Event], object]) -> None:
    while True:
        try:
            event = next(subscription, None)
        except _errors.Error:
            continue  # the device is away: the next call waits for it
        if event is None:
            return
        try:
            callback(event)
        except Exception:
            kind, value, traceback = sys.exc_info()
            if kind is not None:
                thread = threading.current_thread()
                details = threading.ExceptHookArgs((kind, value, traceback, thread))
                threading.excepthook(details)


class Block:
    """A block of the device: bytes that are read and written as a whole."""

    def __init__(self, native: _native.Connection, name: str) -> None:
        self._native = native
        self._name = name

    def read(self, progress: Progress | None = None) -> bytes:
        """Reads all of it. `progress` is called with the bytes done and their total."""
        return self._native.read_block(self._name, progress)

    def write(self, data: bytes | bytearray | memoryview, progress: Progress | None = None) -> None:
        """Writes it. It changes its length when the device has checked all bytes."""
        self._native.write_block(self._name, bytes(data), progress)


class _Blocking:
    """Makes calls, and waits for each."""

    def __init__(self, native: _native.Connection, timeout: float | None) -> None:
        self._native = native
        self._timeout = timeout

    def call(self, procedure: Procedure, arguments: Arguments, named: Named) -> Any:
        try:
            value = self._native.call(Asked(procedure.path, arguments, named, self._timeout))
        except _errors.ProcedureError as error:
            raise procedure.raised(error) from None
        return procedure.lift(value)

    def stream(self, procedure: Procedure, arguments: Arguments, named: Named) -> Any:
        items = self._native.stream(Asked(procedure.path, arguments, named, self._timeout))
        return Stream(items, procedure)

    def feed(self, procedure: Procedure, arguments: Arguments, named: Named, items: Any) -> Any:
        feed = self._native.feed(Asked(procedure.path, arguments, named, self._timeout))
        try:
            for item in items:
                feed.push(item)
            return procedure.lift(feed.finish())
        except _errors.ProcedureError as error:
            raise procedure.raised(error) from None

    def event(self, procedure: Procedure) -> Events:
        return Events(self._native, procedure)

    def blocks(self) -> type[Service]:
        native = self._native

        class Blocks(Service):
            def __getitem__(self, name: str) -> Block:
                return Block(native, name)

        return Blocks

    def expectations(self, path: str) -> list[tuple[str, str]]:
        return self._native.expectations(path)

    def signature(self, path: str) -> str:
        return self._native.signature(path)


class Stream:
    """The items of a stream: an iterator. Nothing is asked for before the first item."""

    def __init__(self, native: _native.Stream, procedure: Procedure) -> None:
        self._native = native
        self._procedure = procedure

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            return self._procedure.lift(next(self._native))
        except _errors.ProcedureError as error:
            raise self._procedure.raised(error) from None

    @property
    def lost(self) -> int:
        """How many items were missed so far, if they come and go while they are read."""
        return self._native.lost


class Device(Connected):
    """A device that is connected: its services are attributes.

    ``device.calculator.add(2, 3)`` calls a procedure; ``help(device.calculator.add)`` tells about it.
    """

    def __init__(self, native: _native.Connection) -> None:
        self._native = native
        self._known: Interface | None = None
        #: The device that this one is another handle of, and the time limit of its calls.
        self._origin: tuple[Device, float] | None = None

    @property
    def _interface(self) -> Interface:
        if self._known is None and self._origin is not None:
            device, timeout = self._origin
            self._known = device._interface.over(_Blocking(self._native, timeout))
        if self._known is None:
            description = json.loads(self._native.description())
            self._known = Interface(description, _Blocking(self._native, None))
        return self._known

    @property
    def description(self) -> bytes:
        """The description of its interface, in the form that the device sends."""
        return self._native.description_bytes()

    def within(self, timeout: float) -> Device:
        """Returns the same device, for calls that may take that many seconds."""
        device = Device(self._native)
        device._origin = (self, timeout)
        return device

    def refresh(self) -> None:
        """Reads the description again, such as after the device was flashed."""
        self._known = None

    def log_to(self, logger: logging.Logger | None = None) -> Subscription:
        """Passes the device's log on to `logging`, from now on: to `serial_rpc.device`, or that logger."""
        target = logger or logging.getLogger("serial_rpc.device")
        record = self._interface.services["log"].record
        subscription: Subscription = record.subscribe(lambda event: pass_on(event, target))
        return subscription

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_LEVELS = {
    "Error": logging.ERROR,
    "Warn": logging.WARNING,
    "Info": logging.INFO,
    "Debug": logging.DEBUG,
    "Trace": logging.DEBUG - 5,
}


def pass_on(event: Event, logger: logging.Logger) -> None:
    """Logs a line of the device's log."""
    level = _LEVELS.get(event.level.value, logging.INFO)
    if event.lost:
        logger.warning("%d events of the device were lost", event.lost)
    logger.log(level, "%s: %s", shown(event.target), shown(event.text))

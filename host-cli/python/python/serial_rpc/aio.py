"""Devices for asyncio: as in `serial_rpc`, with `await` before what waits.

    import serial_rpc.aio

    async with await serial_rpc.aio.connect("sim") as device:
        assert await device.calculator.add(2, 3) == 5

Any number of calls can be under way: they share the line. A task that is cancelled gives up waiting for
its call, and the connection goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from . import _errors, _native
from ._connected import Connected
from ._device import Event, Progress, made_event, pass_on, settings
from ._interface import Arguments, Asked, Interface, Named, Procedure, Service

__all__ = ["Block", "Device", "Events", "Stream", "Subscription", "connect"]


class Stream:
    """The items of a stream, for `async for`. Nothing is asked for before the first item."""

    def __init__(
        self,
        connection: _native.Connection,
        procedure: Procedure,
        asked: Asked,
    ) -> None:
        self._connection = connection
        self._procedure = procedure
        self._asked = asked
        self._native: _native.Stream | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._native is None:
            self._native = await self._connection.stream_async(self._asked)
        try:
            return self._procedure.lift(await self._native.__anext__())
        except _errors.ProcedureError as error:
            raise self._procedure.raised(error) from None

    @property
    def lost(self) -> int:
        """How many items were missed so far, if they come and go while they are read."""
        return self._native.lost if self._native else 0


class Subscription:
    """The events of one kind, from when it was made, for `async for`."""

    def __init__(self, native: _native.Subscription, procedure: Procedure) -> None:
        self._native = native
        self._procedure = procedure

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        return made_event(self._procedure, await self._native.__anext__())

    async def next(self, timeout: float) -> Event | None:
        """Waits for an event for up to that many seconds. None if none came."""
        plain = await self._native.next_within_async(timeout)
        return None if plain is None else made_event(self._procedure, plain)

    def close(self) -> None:
        """Ends the subscription."""
        self._native.close()

    async def __aenter__(self) -> Subscription:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Events:
    """The events of one kind that a device can send. `async for` over it subscribes to them."""

    def __init__(self, native: _native.Connection, procedure: Procedure) -> None:
        self._native = native
        self._procedure = procedure
        self.__doc__ = procedure.doc

    async def subscribe(self) -> Subscription:
        """Subscribes to the events: what comes from now on is kept until it is taken."""
        native = await self._native.subscribe_async(self._procedure.path)
        return Subscription(native, self._procedure)

    async def __aiter__(self) -> AsyncIterator[Event]:
        async with await self.subscribe() as subscription:
            async for event in subscription:
                yield event

    def __repr__(self) -> str:
        return f"<events {self._procedure.path}>"


class Block:
    """A block of the device: bytes that are read and written as a whole."""

    def __init__(self, native: _native.Connection, name: str) -> None:
        self._native = native
        self._name = name

    async def read(self, progress: Progress | None = None) -> bytes:
        """Reads all of it. `progress` is called, in another thread, with the bytes done and their total."""
        return await asyncio.to_thread(self._native.read_block, self._name, progress)

    async def write(
        self, data: bytes | bytearray | memoryview, progress: Progress | None = None
    ) -> None:
        """Writes it. It changes its length when the device has checked all bytes."""
        await asyncio.to_thread(self._native.write_block, self._name, bytes(data), progress)


class _Awaiting:
    """Makes calls that are awaited."""

    def __init__(self, native: _native.Connection, timeout: float | None) -> None:
        self._native = native
        self._timeout = timeout

    async def call(self, procedure: Procedure, arguments: Arguments, named: Named) -> Any:
        try:
            value = await self._native.call_async(
                Asked(procedure.path, arguments, named, self._timeout)
            )
        except _errors.ProcedureError as error:
            raise procedure.raised(error) from None
        return procedure.lift(value)

    def stream(self, procedure: Procedure, arguments: Arguments, named: Named) -> Stream:
        asked = Asked(procedure.path, arguments, named, self._timeout)
        return Stream(self._native, procedure, asked)

    async def feed(
        self, procedure: Procedure, arguments: Arguments, named: Named, items: Any
    ) -> Any:
        feed = await self._native.feed_async(Asked(procedure.path, arguments, named, self._timeout))
        try:
            async for item in _each(items):
                await feed.push_async(item)
            return procedure.lift(await feed.finish_async())
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


async def _each(items: AsyncIterable[Any] | Iterable[Any]) -> AsyncIterator[Any]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class Device(Connected):
    """A device that is connected: its services are attributes.

    ``await device.calculator.add(2, 3)`` calls a procedure.
    """

    def __init__(self, native: _native.Connection, interface: Interface) -> None:
        self._native = native
        self._known = interface

    @property
    def _interface(self) -> Interface:
        return self._known

    def within(self, timeout: float) -> Device:
        """Returns the same device, for calls that may take that many seconds."""
        return Device(self._native, self._known.over(_Awaiting(self._native, timeout)))

    async def refresh(self) -> None:
        """Reads the description again, such as after the device was flashed."""
        self._known = await asyncio.to_thread(_read_interface, self._native)

    async def log_to(self, logger: logging.Logger | None = None) -> None:
        """Passes the device's log on to `logging`, until the task is cancelled."""
        target = logger or logging.getLogger("serial_rpc.device")
        async for event in self._interface.services["log"].record:
            pass_on(event, target)

    async def __aenter__(self) -> Device:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


async def connect(
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
    """Connects to a device as `serial_rpc.connect` does, and reads its description."""
    chosen = settings(
        baud=baud,
        timeout=timeout,
        retries=retries,
        cache=cache,
        faults=faults,
        seed=seed,
        trace=trace,
    )

    def open_and_read() -> Device:
        native = _native.Connection.open(port, chosen)
        return Device(native, _read_interface(native))

    return await asyncio.to_thread(open_and_read)


def _read_interface(native: _native.Connection) -> Interface:
    return Interface(json.loads(native.description()), _Awaiting(native, None))

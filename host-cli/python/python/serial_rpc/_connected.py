"""What a device is to blocking programs and to asyncio alike: its names, and calls by path."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from . import _errors, _native
from ._interface import Arguments, Interface, Service


class Connected:
    """A device that is connected: its services are attributes."""

    _native: _native.Connection

    @property
    def _interface(self) -> Interface:
        raise NotImplementedError

    @property
    def name(self) -> str:
        """The name of the device or its firmware."""
        return self._interface.name

    @property
    def version(self) -> str:
        """The version of its firmware."""
        return self._interface.version

    @property
    def port(self) -> str:
        """The name of the port."""
        return self._native.name

    @property
    def services(self) -> dict[str, Service]:
        """The services by their names."""
        return dict(self._interface.services)

    @property
    def types(self) -> SimpleNamespace:
        """The classes of the device's types: `device.types.Operation`."""
        return self._interface.types

    @property
    def errors(self) -> SimpleNamespace:
        """The exceptions for its procedures' own errors: `device.errors.MathError`."""
        return self._interface.errors

    @property
    def counters(self) -> dict[str, int]:
        """What this end has counted: frames sent, resent, received and broken, sessions, lost links."""
        return self._native.counters()

    @property
    def trace(self) -> list[str]:
        """The newest 200 lines of what passed on the link, if it is traced: frames, and text between them."""
        return self._native.trace()

    def call(self, path: str, *arguments: Any, **named: Any) -> Any:
        """Calls a procedure by its path: ``call("calculator.add", 2, 3)``, ``call("Calculator", "add", x=2, y=3)``."""
        path, arguments = split_path(path, arguments)
        service, _, name = path.rpartition(".")
        return getattr(find_service(self._interface, service), name)(*arguments, **named)

    def close(self) -> None:
        """Ends all calls and waits, and closes the port when the last of them has ended."""
        self._native.cancel()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return find_service(self._interface, name)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *self._interface.services]

    def __repr__(self) -> str:
        return f"<device on {self._native.name}>"


def split_path(path: str, arguments: Arguments) -> tuple[str, Arguments]:
    """Takes the name of the procedure off the arguments, if the path is that of a service."""
    if "." in path:
        return path, arguments
    match arguments:
        case (str() as name, *others):
            return f"{path}.{name}", tuple(others)
        case _:
            raise _errors.NoSuchProcedure(f"`{path}` is no path of a procedure: write service.procedure")


def find_service(interface: Interface, name: str) -> Service:
    """Finds a service by its name, or by that of its trait, such as `Calculator`."""
    service = interface.services.get(name)
    if service is None:
        snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
        service = interface.services.get(snake)
    if service is None:
        known = ", ".join(interface.services)
        raise _errors.NoSuchProcedure(f"the device has no service `{name}`: there are {known}")
    return service

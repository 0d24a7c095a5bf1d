"""Makes objects with a method for each procedure, as a device describes them.

They are the same for blocking and for asyncio programs; what differs is the `Calls` behind them.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

from . import _errors
from ._types import Form, Types, class_name, python_name, shown

Arguments = tuple[Any, ...]
Named = dict[str, Any]


class Asked(NamedTuple):
    """What the compiled half is asked for."""

    path: str
    ordered: Arguments
    named: Named
    #: The time limit in seconds; None is the usual one.
    timeout: float | None


class Calls(Protocol):
    """How a program makes calls: it waits for each, or awaits it."""

    def call(self, procedure: "Procedure", arguments: Arguments, named: Named) -> Any:
        """Calls it, and returns its value."""

    def stream(self, procedure: "Procedure", arguments: Arguments, named: Named) -> Any:
        """Returns its items, one by one."""

    def feed(self, procedure: "Procedure", arguments: Arguments, named: Named, items: Any) -> Any:
        """Passes it the items, and returns its value."""

    def event(self, procedure: "Procedure") -> Any:
        """Returns what can be iterated over and subscribed to."""

    def blocks(self) -> Any:
        """Returns the blocks of the device by their names."""

    def expectations(self, path: str) -> list[tuple[str, str]]:
        """Returns the names of its arguments, and what each may be."""

    def signature(self, path: str) -> str:
        """Returns its signature, as the device's source has it."""


class Procedure:
    """A procedure or an event, as the device describes it."""

    def __init__(self, described: Mapping[str, Any], types: Types, errors: SimpleNamespace) -> None:
        self.path: str = described["path"]
        self.name: str = self.path.rsplit(".", 1)[-1]
        self.doc: str = shown(described["doc"])
        #: What `help` shows; None until it has been put together.
        self.documentation: str | None = None
        self.kind: str = described["kind"]
        self.arguments = [
            (argument["name"], types.form(argument["type"])) for argument in described["arguments"]
        ]
        self.value = types.form(described["value"])
        error = described["error"]
        self.error: Form | None = types.form(error) if error else None
        self._raised = self._error_class(error["name"], errors) if error else _errors.ProcedureError

    @staticmethod
    def _error_class(name: str, errors: SimpleNamespace) -> type[_errors.ProcedureError]:
        name = class_name(name)
        known: type[_errors.ProcedureError] | None = getattr(errors, name, None)
        if known is None:
            doc = f"A procedure ended in its own error, a `{name}`, which is in `error`."
            known = type(name, (_errors.ProcedureError,), {"__doc__": doc})
            known.__module__ = "serial_rpc.errors"
            setattr(errors, name, known)
        return known

    def lift(self, value: Any) -> Any:
        """Makes a value, or an item of a stream, of a plain object."""
        return self.value.lift(value) if self.value.lift else value

    def lift_event(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Makes the data of an event of plain objects."""
        forms = dict(self.arguments)
        return {
            python_name(name): form.lift(data[name]) if form.lift else data[name]
            for name, form in forms.items()
        }

    def raised(self, plain: _errors.ProcedureError) -> _errors.ProcedureError:
        """Makes the exception for the procedure's own error of one with a plain object."""
        error = plain.error
        if self.error and self.error.lift:
            error = self.error.lift(error)
        raised = self._raised(str(plain), path=plain.path, error=error)
        raised.taken = plain.taken
        return raised


class Service:
    """A service of a device: an object with a method for each of its procedures."""

    def __getattr__(self, name: str) -> Any:
        known = [known for known in dir(type(self)) if not known.startswith("_")]
        message = f"the device has no procedure `{_service_name(self)}.{name}`: there are {', '.join(known)}"
        if name.startswith("__"):
            raise AttributeError(name)
        raise _errors.NoSuchProcedure(message)

    def __repr__(self) -> str:
        return f"<service {_service_name(self)}>"


def _service_name(service: Service) -> str:
    return type(service).__name__


class Interface:
    """The services, types and errors of a device."""

    def __init__(self, description: Mapping[str, Any], calls: Calls) -> None:
        self.name: str = description["name"]
        self.version: str = description["version"]
        self._types = Types()
        #: The classes of the device's types, as attributes.
        self.types = self._types.classes
        #: The exceptions for its procedures' own errors, as attributes.
        self.errors = SimpleNamespace()
        #: The procedures by their paths.
        self.procedures: dict[str, Procedure] = {}
        self._described: list[tuple[str, str, list[Procedure]]] = []
        try:
            for service in description["services"]:
                procedures = [
                    Procedure(procedure, self._types, self.errors)
                    for procedure in service["procedures"]
                ]
                self.procedures |= {procedure.path: procedure for procedure in procedures}
                self._described.append((service["name"], shown(service["doc"]), procedures))
            #: The services by their names.
            self.services = self._services(calls)
        except (TypeError, ValueError) as error:
            # Such as two fields whose names are the same in Python.
            message = shown(f"the device's types cannot be made in Python: {error}")
            raise _errors.ProtocolError(message) from None

    def over(self, calls: Calls) -> Interface:
        """Returns the same interface, with the same types and errors, whose calls are made by `calls`."""
        other = copy.copy(self)
        other.services = other._services(calls)
        return other

    @property
    def written_types(self) -> list[str]:
        """The classes of the device's types, as they are written in a stub."""
        return self._types.written

    def _services(self, calls: Calls) -> dict[str, Service]:
        services: dict[str, Service] = {}
        for name, doc, procedures in self._described:
            members: dict[str, Any] = {"__doc__": doc or None}
            for procedure in procedures:
                members[python_name(procedure.name)] = _member(procedure, calls)
            base = calls.blocks() if name == "blocks" else Service
            made = type(name, (base,), members)
            made.__module__ = "serial_rpc.services"
            services[name] = made()
        return services


def _member(procedure: Procedure, calls: Calls) -> Any:
    """Returns what stands for a procedure or event in the class of its service."""
    match procedure.kind:
        case "event":
            return calls.event(procedure)
        case "stream" | "moving_stream":

            def stream(*arguments: Any, **named: Any) -> Any:
                return calls.stream(procedure, arguments, named)

            return staticmethod(_described(stream, procedure, calls))
        case "feed":
            count = len(procedure.arguments) - 1
            last = python_name(procedure.arguments[-1][0])

            def feed(*arguments: Any, **named: Any) -> Any:
                if last in named:
                    items = named.pop(last)
                elif len(arguments) == count + 1:
                    *others, items = arguments
                    arguments = tuple(others)
                else:
                    message = f"argument `{last}` of {procedure.path} is missing"
                    raise _errors.ArgumentError(message)
                return calls.feed(procedure, arguments, named, items)

            return staticmethod(_described(feed, procedure, calls))
        case _:

            def call(*arguments: Any, **named: Any) -> Any:
                return calls.call(procedure, arguments, named)

            return staticmethod(_described(call, procedure, calls))


def _described(function: Callable[..., Any], procedure: Procedure, calls: Calls) -> Callable[..., Any]:
    """Gives a function the name, signature and documentation of a procedure, for `help`."""
    function.__name__ = procedure.name
    function.__qualname__ = procedure.path
    function.__module__ = "serial_rpc.services"
    is_feed, is_stream = procedure.kind == "feed", procedure.kind.endswith("stream")
    parameters = []
    for index, (name, form) in enumerate(procedure.arguments):
        annotation = form.annotation
        if is_feed and index == len(procedure.arguments) - 1:
            annotation = annotation.replace("list[", "Iterable[", 1)
        default = None if annotation.endswith("| None") else inspect.Parameter.empty
        parameters.append(
            inspect.Parameter(
                python_name(name),
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                annotation=annotation,
                default=default,
            )
        )
    # A parameter without a default may follow one that has none of Python's.
    seen = False
    for index, parameter in enumerate(parameters):
        seen = seen or parameter.default is not inspect.Parameter.empty
        if seen and parameter.default is inspect.Parameter.empty:
            parameters[index] = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
    value = procedure.value.annotation
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        sorted(parameters, key=lambda parameter: parameter.kind),
        return_annotation=f"Iterator[{value}]" if is_stream else value,
    )
    if procedure.documentation is None:
        procedure.documentation = _documentation(procedure, calls)
    function.__doc__ = procedure.documentation
    return function


def _documentation(procedure: Procedure, calls: Calls) -> str:
    lines = [procedure.doc or f"Calls {procedure.path}.", ""]
    lines.append(shown(f"On the device: {calls.signature(procedure.path)}"))
    expectations = calls.expectations(procedure.path)
    if expectations:
        lines += ["", "Arguments:"]
        lines += [shown(f"    {name}: {expected}") for name, expected in expectations]
    if procedure.error:
        lines += ["", "Raises:", f"    {procedure.error.annotation}: the procedure's own error, in `error`"]
    return "\n".join(lines)

"""Writes a stub file for a device, by which type checkers and editors know its procedures.

    serial-rpc stubs rig.pyi
    python -m serial_rpc.stubs --port /dev/ttyACM0 > rig.pyi

The first asks the program `serial-rpc` for the device, the second does without it. A program names the type where it gets the device:

    from typing import TYPE_CHECKING, cast

    if TYPE_CHECKING:
        from rig import Device

    device = cast("Device", serial_rpc.connect("/dev/ttyACM0"))
    device.calculator.add(2, "3")  # error: Argument 2 to "add" has incompatible type "str"; expected "int"

`AsyncDevice` is the same for `serial_rpc.aio`.
"""

from __future__ import annotations

import argparse
import sys

from . import Error, PortError, connect, simulate
from ._device import Device
from ._interface import Procedure
from ._simulation import SimulatedDevice
from ._types import python_name, shown

_HEADER = '''"""The procedures of {name} {version}, as it describes them. Written by serial_rpc.stubs."""

import dataclasses
import enum
import types
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, ClassVar

import serial_rpc
import serial_rpc.aio
from serial_rpc import Some
'''


def stub(source: Device | SimulatedDevice) -> str:
    """Returns the stub file for a device."""
    interface = source._interface
    name, version = (_in_quotes(shown(text)) for text in (interface.name, interface.version))
    parts = [_HEADER.format(name=name, version=version)]
    parts += interface.written_types
    for prefix in ("", "Async"):
        for service in interface.services:
            procedures = [
                procedure
                for path, procedure in interface.procedures.items()
                if path.rpartition(".")[0] == service
            ]
            parts.append(_service(prefix, service, procedures))
        parts.append(_device(prefix, list(interface.services)))
    errors = [f"    {name}: type[serial_rpc.ProcedureError]" for name in vars(interface.errors)]
    types = [f"    {name}: type[{name}]" for name in vars(interface.types)]
    parts.append("\n".join(["class Errors(types.SimpleNamespace):", *(errors or ["    ..."])]))
    parts.append("\n".join(["class Types(types.SimpleNamespace):", *(types or ["    ..."])]))
    return "\n\n".join(parts) + "\n"


def _class_name(prefix: str, service: str) -> str:
    return prefix + "".join(part.capitalize() for part in service.split("_")) + "Service"


def _service(prefix: str, service: str, procedures: list[Procedure]) -> str:
    is_async = prefix != ""
    lines = [f"class {_class_name(prefix, service)}:"]
    if service == "blocks":
        module = "serial_rpc.aio" if is_async else "serial_rpc"
        lines.append(f"    def __getitem__(self, name: str) -> {module}.Block: ...")
    for procedure in procedures:
        lines += [f"    {line}" for line in _procedure(procedure, is_async)]
    if len(lines) == 1:
        lines.append("    ...")
    return "\n".join(lines)


def _procedure(procedure: Procedure, is_async: bool) -> list[str]:
    name = python_name(procedure.name)
    if procedure.kind == "event":
        return [f"{name}: {'serial_rpc.aio' if is_async else 'serial_rpc'}.Events"]
    parameters = ["self"]
    for index, (argument, form) in enumerate(procedure.arguments):
        annotation = _accepted(form.annotation)
        if procedure.kind == "feed" and index == len(procedure.arguments) - 1:
            annotation = form.annotation.replace("list[", "Iterable[", 1)
            if is_async:
                annotation += f" | Async{annotation}"
        default = " = None" if annotation.endswith("| None") else ""
        if default == "" and any(parameter.endswith("= None") for parameter in parameters):
            if "*" not in parameters:
                parameters.append("*")
        parameters.append(f"{python_name(argument)}: {annotation}{default}")
    value = procedure.value.annotation
    start = "async def" if is_async else "def"
    if procedure.kind in ("stream", "moving_stream"):
        start = "def"
        value = f"AsyncIterator[{value}]" if is_async else f"Iterator[{value}]"
    doc = _in_quotes(procedure.doc)
    return [f"{start} {name}({', '.join(parameters)}) -> {value}:", f'    """{doc}"""']


def _in_quotes(text: str) -> str:
    """Returns text that may stand in a documentation string."""
    return text.replace("\\", "\\\\").replace('"', "'")


def _accepted(annotation: str) -> str:
    """Returns what an argument of that type may be: more than what a value of it is."""
    if annotation == "bytes":
        return "bytes | bytearray | memoryview"
    if annotation.startswith("list["):
        return annotation.replace("list[", "Iterable[", 1)
    return annotation


def _device(prefix: str, services: list[str]) -> str:
    module = "serial_rpc.aio" if prefix else "serial_rpc"
    lines = [f"class {prefix}Device({module}.Device):"]
    for service in services:
        lines += [
            "    @property",
            f"    def {python_name(service)}(self) -> {_class_name(prefix, service)}: ...",
        ]
    for name in ("types", "errors"):
        lines += ["    @property", f"    def {name}(self) -> {name.capitalize()}: ..."]
    lines.append(f"    def within(self, timeout: float) -> {prefix}Device: ...")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Writes the stub file for a device to stdout."""
    parser = argparse.ArgumentParser(prog="python -m serial_rpc.stubs", description="Write a stub file.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--port", help="the device's port, or sim")
    source.add_argument("--description", metavar="FILE", help="its description instead; - is stdin")
    parser.add_argument("--baud", type=int, default=None, help="the speed of the port")
    options = parser.parse_args(arguments)
    try:
        if options.port is None:
            file = sys.stdin.buffer if options.description == "-" else open(options.description, "rb")
            with file:
                sys.stdout.write(stub(simulate(file.read(), object())))
            return 0
        with connect(options.port, baud=options.baud) as device:
            sys.stdout.write(stub(device))
    except Error as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        print(f"error: {error}{hint}", file=sys.stderr)
        return 3 if isinstance(error, PortError) else 4
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

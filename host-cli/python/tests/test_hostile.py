"""Descriptions of devices that mean harm."""

import ast

import pytest

import serial_rpc
from serial_rpc import stubs

pytestmark = pytest.mark.simulated("the device is simulated here")


def simulated(*changes):
    """Returns a device whose description has other texts, which are filled up to the same length."""
    description = serial_rpc.connect("sim").description
    for old, new in changes:
        old, new = old.encode(), new.encode()
        assert old in description and len(new) <= len(old)
        description = description.replace(old, new.ljust(len(old), b"_"))
    return serial_rpc.simulate(description, object())


def test_no_text_of_a_device_commands_the_terminal_or_the_stub_file():
    device = simulated(
        ("Adds two numbers.", "\x1b[2J\"\"\"; import"),
        ("Integer arithmetic", "\x1b]0;title\u202e"),
        ("Summary", "Sum mry"),
        ("deviation", "dev-ation"),
        ("NoSamples", "1+Sample"),
    )
    connected = device.connect()
    texts = [
        connected.calculator.add.__doc__,
        type(connected.calculator).__doc__,
        str(connected.calculator.statistics.__signature__),
        repr(list(connected.types.MathError)),
        stubs.stub(connected),
    ]
    with pytest.raises(serial_rpc.ArgumentError) as raised:
        connected.calculator.statistics("no list")
    texts.append(str(raised.value))
    for text in texts:
        assert all(char.isprintable() or char == "\n" for char in text), text
    ast.parse(texts[4])


def test_types_that_python_cannot_have_are_an_error_of_this_package():
    with pytest.raises(serial_rpc.ProtocolError, match="cannot be made in Python"):
        simulated(("\x03min", "\x03m-n"), ("\x03max", "\x03m.n"))

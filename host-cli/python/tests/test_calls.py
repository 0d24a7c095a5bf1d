"""Calls by name, as a program that waits makes them."""

import math
import threading

import pytest

import serial_rpc


@pytest.fixture
def calculator(device):
    return device.calculator


def test_a_procedure_is_called_in_order_or_by_name(device):
    assert device.calculator.add(2, 3) == 5
    assert device.calculator.add(y=3, x=2) == 5
    assert device.calculator.add(2, y=3) == 5
    assert device.call("Calculator", "add", 2, 3) == 5
    assert device.call("calculator.add", x=2, y=3) == 5
    assert device.Calculator.add(2, 3) == 5


def test_the_procedures_own_error_is_an_exception_of_its_name(device):
    with pytest.raises(device.errors.MathError) as raised:
        device.calculator.div(1, 0)
    assert raised.value.error is device.types.MathError.DivideByZero
    assert raised.value.ran == "once"
    assert raised.value.path == "calculator.div"
    assert isinstance(raised.value, serial_rpc.ProcedureError)


def test_an_error_with_data_is_a_dataclass(device):
    with pytest.raises(serial_rpc.ProcedureError) as raised:
        device.calculator.evaluate("1+")
    assert raised.value.error.position == 2
    assert raised.value.error.reason.name == "ExpectedOperand"


@pytest.mark.parametrize(
    ("arguments", "named", "complaint"),
    [
        ((2,), {}, "argument `y` of calculator.add is missing"),
        ((), {}, "argument `x` of calculator.add is missing"),
        ((2, 3, 4), {}, "takes 2 arguments, and 3 were given"),
        ((2,), {"z": 3}, "has no argument `z`"),
        ((2,), {"x": 3}, "argument `x` is given twice"),
        ((2, 2**31), {}, "expected an integer from -2147483648 to 2147483647"),
        ((2, 2**200), {}, "expected an integer"),
        ((2, 3.0), {}, "got `3.0`"),
        ((2, "3"), {}, "got `'3'`"),
        ((2, None), {}, "got `None`"),
        ((2, [3]), {}, "got `[3]`"),
        ((2, math.nan), {}, "got `nan`"),
    ],
)
def test_wrong_arguments_are_refused_before_a_byte_is_sent(device, arguments, named, complaint):
    device.calculator.total()
    sent = device.counters["sent"]
    with pytest.raises(serial_rpc.ArgumentError) as raised:
        device.calculator.add(*arguments, **named)
    assert complaint in str(raised.value)
    assert raised.value.ran == "never"
    assert isinstance(raised.value, TypeError) and isinstance(raised.value, ValueError)
    assert device.counters["sent"] == sent


def test_missing_names_say_what_there_is(device):
    with pytest.raises(AttributeError, match="there are .*add"):
        device.calculator.ad(1, 2)
    with pytest.raises(AttributeError, match="there are calculator"):
        device.calculus.add(1, 2)
    with pytest.raises(serial_rpc.NoSuchProcedure):
        device.call("calculator.ad", 1, 2)
    with pytest.raises(serial_rpc.NoSuchProcedure, match="service.procedure"):
        device.call("add")
    assert not hasattr(device.calculator, "ad")


def test_a_lone_surrogate_is_no_text(device):
    with pytest.raises(serial_rpc.ArgumentError, match="expected a string"):
        device.calculator.evaluate("\ud800")


def test_a_list_that_is_too_long_is_refused(device):
    with pytest.raises(serial_rpc.ArgumentError, match="at most 16"):
        device.calculator.statistics([1.0] * 100_000)


def test_an_exception_of_an_argument_reaches_the_program(device):
    class Broken:
        def __index__(self):
            raise ZeroDivisionError("of its own")

    with pytest.raises(ZeroDivisionError, match="of its own"):
        device.calculator.add(Broken(), 1)

    def broken_list():
        yield 1.0
        raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        device.calculator.statistics(broken_list())
    assert device.calculator.add(2, 3) == 5


def test_numbers_that_are_not_numbers_come_back(device):
    assert math.isinf(device.calculator.sqrt(math.inf))
    assert math.isnan(device.calculator.statistics([math.nan]).mean)


def test_arrays_of_numpy_are_lists(device):
    numpy = pytest.importorskip("numpy")
    summary = device.calculator.statistics(numpy.array([1, 2, 3], dtype=numpy.float32))
    assert (summary.count, summary.mean) == (3, 2.0)
    assert device.calculator.add(numpy.int16(2), numpy.uint8(3)) == 5


def test_names_complete_and_help_says_all(device):
    assert "calculator" in dir(device)
    assert "add" in dir(device.calculator)
    text = device.calculator.add.__doc__
    assert "Adds two numbers." in text
    assert "x: an integer from -2147483648 to 2147483647" in text
    assert "MathError" in text


def test_the_device_says_what_it_is(device):
    assert device.name == "calculator"
    assert device.version
    assert device.services.keys() >= {"calculator", "blocks"}


def test_another_time_limit_leaves_types_and_errors_the_same(device):
    patient = device.within(60)
    assert patient.types is device.types
    with pytest.raises(device.errors.MathError):
        patient.calculator.div(1, 0)


@pytest.mark.parametrize("timeout", [-1, math.nan, math.inf, 1e300])
def test_a_time_limit_is_a_number_of_seconds(device, timeout):
    with pytest.raises(ValueError, match="time limit"):
        device.within(timeout).calculator.add(2, 3)
    with pytest.raises(ValueError, match="time limit"):
        serial_rpc.connect("sim", timeout=timeout)


def test_a_port_that_is_not_there_is_named():
    with pytest.raises(serial_rpc.PortError, match="/dev/nothing-here") as raised:
        serial_rpc.connect("/dev/nothing-here")
    assert isinstance(raised.value, OSError)
    assert raised.value.ran == "never"
    with pytest.raises(ValueError, match="baud"):
        serial_rpc.connect("sim", baud=0)


@pytest.mark.simulated("faults are put on the line")
def test_every_call_is_right_on_a_bad_line():
    # Many short tries: a long call is asked for again after longer and longer times.
    device = serial_rpc.connect("sim", timeout=2, retries=100, faults=1e-2, seed=7)
    outcomes = []

    def work(offset):
        for number in range(250):
            try:
                outcomes.append(device.calculator.add(number, offset) == number + offset)
            except serial_rpc.Error as error:
                outcomes.append(error)

    device.calculator.add(2, 3)
    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert outcomes == [True] * 5_000
    assert device.counters["resent"] > 100

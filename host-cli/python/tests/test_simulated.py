"""Devices whose procedures are written in Python."""

import pytest

import serial_rpc

pytestmark = pytest.mark.simulated("the device is simulated here")


class Calculator:
    def __init__(self):
        self.total = 0
        self.device = None

    def add(self, x, y):
        if x == 100:
            raise RuntimeError("a mistake in the simulation")
        return x + y

    def sub(self, x, y):
        return "no number"

    def div(self, x, y):
        if y == 0:
            raise serial_rpc.ProcedureError("", error="DivideByZero")
        return x // y

    def accumulate(self, amount):
        self.total += amount
        self.device.emit("calculator.total_changed", total=self.total)
        return self.total

    def history(self):
        made = self.device.types.Operation.Accumulate
        return [{"operation": made(n), "result": {"Ok": n}} for n in range(300)]

    def replay(self, operations):
        self.total += sum(operation.value for operation in operations)
        return self.total


@pytest.fixture
def simulated():
    calculator = Calculator()
    calculator.device = serial_rpc.simulate(
        serial_rpc.connect("sim"), type("Firmware", (), {"calculator": calculator})
    )
    return calculator.device


def test_its_procedures_are_methods(simulated):
    device = simulated.connect()
    assert device.calculator.add(2, 3) == 5
    assert len(list(device.calculator.history())) == 300
    accumulate = device.types.Operation.Accumulate
    assert device.calculator.replay(accumulate(n) for n in range(200)) == 19900
    with device.calculator.total_changed.subscribe() as events:
        assert device.calculator.accumulate(1) == 19901
        assert next(events).total == 19901


def test_its_errors_are_the_procedures_own(simulated):
    device = simulated.connect()
    with pytest.raises(device.errors.MathError) as raised:
        device.calculator.div(1, 0)
    assert raised.value.error.name == "DivideByZero"


def test_a_mistake_in_it_is_an_unknown_outcome_for_the_caller_and_is_kept(simulated, caplog):
    device = simulated.connect()
    with pytest.raises(serial_rpc.OutcomeUnknown):
        device.calculator.add(100, 1)
    assert [str(error) for error in simulated.raised] == ["a mistake in the simulation"]
    assert "calculator.add raised an exception" in caplog.text
    with pytest.raises(serial_rpc.NoSuchProcedure):
        device.calculator.sqrt(2.0)
    assert device.calculator.add(2, 3) == 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_value_of_another_type_is_an_unknown_outcome(simulated):
    with pytest.raises(serial_rpc.OutcomeUnknown):
        simulated.connect().calculator.sub(2, 1)


def test_it_is_right_on_a_bad_line_too(simulated):
    device = simulated.connect(timeout=600, faults=3e-3, seed=3)
    runs = [device.calculator.accumulate(1) for _ in range(500)]
    assert runs == list(range(1, 501))


def test_a_description_may_come_from_a_file(tmp_path):
    file = tmp_path / "calculator.description"
    file.write_bytes(serial_rpc.connect("sim").description)
    device = serial_rpc.simulate(file, Calculator()).connect()
    assert device.calculator.add(2, 3) == 5
    with pytest.raises(ValueError, match="no description"):
        serial_rpc.simulate(b"nothing", object())


LAMP = """
use rpc_proto::Schema;

/// A lamp.
#[rpc_proto::service]
pub trait Lamp {
    /// Sets the brightness in percent.
    fn dim(&mut self, percent: u8) -> Result<State, TooBright>;
}

#[derive(Schema)]
pub enum State { Off, On { percent: u8 } }

#[derive(Schema)]
pub struct TooBright;

rpc_proto::interface! {
    struct DeskLamp("desk-lamp", "1.0.0") { lamp: LampService<Bulb> }
}
"""


def test_an_interface_may_come_from_rust_source_that_was_never_compiled(tmp_path):
    class Lamp:
        def dim(self, percent):
            if percent > 100:
                raise serial_rpc.ProcedureError("", error=None)
            return {"On": {"percent": percent}}

    file = tmp_path / "lamp.rs"
    file.write_text(LAMP)
    device = serial_rpc.simulate(file, Lamp()).connect()
    assert device.lamp.dim(50).percent == 50
    assert "Sets the brightness" in device.lamp.dim.__doc__
    with pytest.raises(device.errors.TooBright):
        device.lamp.dim(101)
    device = serial_rpc.simulate(f"{file}#DeskLamp", Lamp()).connect()
    assert device.lamp.dim(5).percent == 5


def test_a_mistake_in_rust_source_is_told_with_its_line_and_a_way_out(tmp_path):
    file = tmp_path / "lamp.rs"
    file.write_text(LAMP.replace("percent: u8) ->", "percent: palette::Srgb) ->"))
    with pytest.raises(ValueError, match=r"lamp.rs:8: .* `palette::Srgb` is; types are those"):
        serial_rpc.simulate(file, object())
    file.write_text(LAMP + LAMP.replace("DeskLamp", "NightLamp"))
    with pytest.raises(ValueError, match="several interfaces here: DeskLamp, NightLamp"):
        serial_rpc.simulate(file, object())


def test_a_power_cycle_ends_the_session(simulated):
    device = simulated.connect()
    assert device.calculator.add(2, 3) == 5
    simulated.power_cycle()
    assert device.calculator.add(2, 3) == 5
    assert device.counters["sessions"] == 2

"""Streams, feeds, events, blocks and the log."""

import logging
import socket
import threading
import time

import pytest

import serial_rpc


def test_a_feed_takes_any_iterable_and_a_stream_is_an_iterator(device):
    accumulate = device.types.Operation.Accumulate
    assert device.calculator.replay(accumulate(number) for number in range(1, 101)) == 5050
    history = list(device.calculator.history())
    assert history[-1].operation == accumulate(100)
    assert history[-1].result == type(history[-1].result)(5050)


def test_a_feed_that_fails_says_how_far_it_came(device):
    operation = device.types.Operation
    with pytest.raises(device.errors.MathError) as raised:
        device.calculator.replay([operation.Accumulate(1), operation.Div(1, 0)])
    assert raised.value.error.name == "DivideByZero"


def test_a_wrong_item_of_a_feed_is_named(device):
    with pytest.raises(serial_rpc.ArgumentError, match="item"):
        device.calculator.replay([1])


def test_events_are_kept_from_the_subscription_on(device):
    with device.calculator.total_changed.subscribe() as events:
        device.calculator.clear()
        device.calculator.accumulate(5)
        total = [next(events).total]
        while total[-1] != 5:
            total.append(next(events).total)
        assert events.next(timeout=0.01) is None
    assert events.next(timeout=0.01) is None


def test_a_callback_gets_each_event_also_after_one_that_raised(device, monkeypatch):
    reported, called = [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda details: reported.append(details.exc_value))

    def callback(event):
        if event.total == 1:
            raise ValueError("of the callback")
        called.set()

    subscription = device.calculator.total_changed.subscribe(callback)
    device.calculator.clear()
    device.calculator.accumulate(1)
    device.calculator.accumulate(1)
    assert called.wait(5)
    subscription.close()
    assert [str(error) for error in reported] == ["of the callback"]


def test_a_block_is_written_and_read_with_progress(device):
    steps = []
    data = bytes(range(256)) * 4
    device.blocks["notes"].write(memoryview(data), progress=lambda *step: steps.append(step))
    assert steps[-1] == (len(data), len(data))
    assert device.blocks["notes"].read() == data
    assert device.blocks.find("notes").length == len(data)
    with pytest.raises(serial_rpc.BlockError, match="no such block"):
        device.blocks["nothing"].read()


def test_an_exception_in_the_progress_ends_the_transfer(device):
    def progress(done, total):
        raise KeyError("of the program")

    with pytest.raises(KeyError, match="of the program"):
        device.blocks["notes"].write(b"x" * 2000, progress=progress)
    assert device.calculator.add(2, 3) == 5


@pytest.mark.simulated("the log is made here")
def test_the_devices_log_goes_to_logging(caplog):
    simulated = serial_rpc.simulate(serial_rpc.connect("sim"), object())
    device = simulated.connect()
    device.log_to()
    with caplog.at_level(logging.INFO, logger="serial_rpc.device"):
        simulated.emit("log.record", level="Warn", target="motor", text="hot")
        deadline = time.monotonic() + 5
        while not caplog.records and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "motor: hot")
    ]


@pytest.mark.simulated("it is switched off and on here")
def test_a_device_that_is_reset_in_mid_iteration_ends_it_and_comes_back():
    class Firmware:
        def history(self):
            operation = simulated.types.Operation.Accumulate
            return [{"operation": operation(n), "result": {"Ok": n}} for n in range(1000)]

        def total(self):
            return 7

    simulated = serial_rpc.simulate(serial_rpc.connect("sim"), Firmware())
    device = simulated.connect()
    taken = []
    with device.calculator.total_changed.subscribe() as events:
        simulated.emit("calculator.total_changed", total=6)
        assert (next(events).total, device.calculator.total()) == (6, 7)
        with pytest.raises(serial_rpc.ReplyError, match="changed"):
            for calculation in device.calculator.history():
                taken.append(calculation)
                if len(taken) == 100:
                    simulated.power_cycle()
        assert 100 <= len(taken) < 1000
        assert device.calculator.total() == 7
        # The next session subscribes anew.
        while (event := events.next(timeout=0.1)) is None:
            simulated.emit("calculator.total_changed", total=8)
        assert (event.total, event.after_gap) == (8, True)


def test_a_cable_that_is_pulled_in_mid_iteration_ends_it_by_the_deadline():
    with socket.create_server(("localhost", 0)) as server:
        port = f"tcp:localhost:{server.getsockname()[1]}"
        device = serial_rpc.connect(port, timeout=0.3)
        server.accept()[0].close()
        with pytest.raises((serial_rpc.CallTimeout, serial_rpc.Disconnected)) as raised:
            list(device.calculator.history())
        assert raised.value.ran == "never"


def test_threads_share_a_connection(device):
    wrong = []

    def work(offset):
        for number in range(200):
            if device.calculator.add(number, offset) != number + offset:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

"""The pytest plugin."""

import pytest

pytestmark = pytest.mark.simulated("pytest is started here")


def test_a_test_takes_a_device(pytester):
    pytester.makepyfile(
        """
        def test_add(device):
            assert device.calculator.add(2, 3) == 5
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_each_test_has_a_session_of_its_own(pytester):
    pytester.makepyfile(
        """
        def test_first(device):
            device.calculator.accumulate(5)

        def test_second(device):
            assert device.calculator.total() == 0
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_hardware_that_is_missing_is_skipped_with_the_reason(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hardware("measures a voltage")
        def test_voltage(device):
            assert False

        @pytest.mark.simulated
        def test_simulated(device):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*measures a voltage*--serial-rpc-port*"])


def test_a_line_may_be_bad(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.serial_rpc_faults(3e-3, seed=5)
        def test_faults(device):
            for number in range(300):
                assert device.calculator.add(number, 1) == number + 1
            assert device.counters["resent"] > 0
        """
    )
    pytester.runpytest_subprocess("--serial-rpc-timeout", "60").assert_outcomes(passed=1)


def test_a_failing_test_shows_the_devices_log_and_the_link(pytester):
    pytester.makepyfile(
        """
        import pytest, serial_rpc

        class Firmware:
            def add(self, x, y):
                SIMULATED.emit("log.record", level="Warn", target="adder", text="carry")
                return x - y

        SIMULATED = serial_rpc.simulate(serial_rpc.connect("sim"), Firmware())

        @pytest.fixture
        def serial_rpc_simulated():
            return SIMULATED

        def test_add(device):
            events = device.log.record.subscribe()
            total = device.calculator.add(2, 3)
            next(events)
            assert total == 5
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*The device's log*",
            "WARNING: adder: carry",
            "*The link*",
            "sent *",
            "> Call *calculator.add(x: 2, y: 3)",
            "< Return *-1",
        ]
    )


def test_a_port_that_is_not_there_ends_the_run(pytester):
    pytester.makepyfile("def test_add(device): pass")
    result = pytester.runpytest_subprocess("--serial-rpc-port", "/dev/nothing-here")
    assert result.ret == 4
    result.stdout.fnmatch_lines(["*no device*nothing-here*"])

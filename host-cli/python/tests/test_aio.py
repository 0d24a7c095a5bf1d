"""The same for asyncio."""

import asyncio

import pytest

import serial_rpc
import serial_rpc.aio

pytestmark = pytest.mark.simulated("each test has a device of its own")


def run(test):
    """Runs a coroutine with a device, and fails if it takes long."""

    async def main():
        async with await serial_rpc.aio.connect("sim") as device:
            await asyncio.wait_for(test(device), 60)

    asyncio.run(main())


def test_calls_are_awaited():
    async def test(device):
        assert await device.calculator.add(2, 3) == 5
        assert await device.call("Calculator", "add", x=2, y=3) == 5
        with pytest.raises(device.errors.MathError):
            await device.calculator.div(1, 0)
        with pytest.raises(serial_rpc.ArgumentError):
            await device.calculator.add(2)

    run(test)


def test_a_thousand_calls_at_once_share_the_line():
    async def test(device):
        sums = await asyncio.gather(*(device.calculator.add(n, 1) for n in range(1000)))
        assert sums == list(range(1, 1001))

    run(test)


def test_a_cancelled_task_leaves_the_link_usable():
    async def test(device):
        for _ in range(50):
            task = asyncio.create_task(device.calculator.add(1, 1))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        events = await device.calculator.total_changed.subscribe()
        waiting = asyncio.create_task(anext(events))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await device.calculator.accumulate(5)
        assert (await events.next(5)).total == 5
        assert await device.calculator.add(2, 3) == 5

    run(test)


def test_streams_feeds_events_and_blocks():
    async def test(device):
        accumulate = device.types.Operation.Accumulate

        async def operations():
            for number in range(1, 101):
                yield accumulate(number)

        events = await device.calculator.total_changed.subscribe()
        assert await device.calculator.replay(operations()) == 5050
        assert [item async for item in device.calculator.history()][-1].operation == accumulate(100)
        async for event in events:
            if event.total == 5050:
                break
        await device.blocks["notes"].write(b"hello")
        assert await device.blocks["notes"].read() == b"hello"

    run(test)


def test_the_description_is_read_again_and_the_line_traced():
    async def main():
        async with await serial_rpc.aio.connect("sim", trace=True) as device:
            before = device.calculator
            await device.refresh()
            assert device.calculator is not before
            assert await device.calculator.add(2, 3) == 5
            assert any("calculator.add" in line for line in device.trace)

    asyncio.run(main())

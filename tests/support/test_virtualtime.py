"""The virtual loop itself: when time moves, when it must not, and that it says so when it cannot."""

import asyncio
import os
import socket
import time
import tty

import pytest

from tests.support.virtualtime import START_WALL, VirtualDeadlock, VirtualLimit, run_virtual, virtual_clock


def pair():
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    os.set_blocking(slave, False)
    return master, slave


def test_hours_take_no_time():
    async def story():
        loop = asyncio.get_running_loop()
        clock = virtual_clock()
        began = loop.time(), clock.wall()
        await asyncio.sleep(50 * 3600)
        assert loop.time() - began[0] == 50 * 3600
        assert clock.wall() - began[1] == pytest.approx(50 * 3600)
        assert began[1] == START_WALL
        return "done"

    real = time.monotonic()
    assert run_virtual(story(), limit_s=51 * 3600) == "done"
    assert time.monotonic() - real < 60


def test_timeouts_and_order():
    async def story():
        order = []

        async def at(seconds, name):
            await asyncio.sleep(seconds)
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for seconds, name in ((3, "c"), (1, "a"), (2, "b"), (1, "a2")):
                group.create_task(at(seconds, name))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().create_future()
        return order

    assert run_virtual(story()) == ["a", "a2", "b", "c"]


def test_time_waits_for_bytes_on_a_pty():
    async def story():
        loop = asyncio.get_running_loop()
        master, slave = pair()
        arrivals = []
        loop.add_reader(slave, lambda: arrivals.append((loop.time(), os.read(slave, 4096))))
        for _ in range(200):
            now = loop.time()
            os.write(master, b"x" * 320)
            await asyncio.sleep(0.001)
            assert arrivals == [(now, b"x" * 320)]
            arrivals.clear()
        loop.remove_reader(slave)
        os.close(master)
        os.close(slave)

    run_virtual(story())


def test_a_reader_at_its_tick_sees_all_that_was_written_before():
    async def story():
        master, slave = pair()
        for size in (1, 100, 1000):
            for _ in range(4):
                os.write(master, b"y" * size)
            await asyncio.sleep(0.02)
            assert len(os.read(slave, 65536)) == min(4 * size, 4095)
        os.close(master)
        os.close(slave)

    run_virtual(story())


def test_a_full_pty_that_nobody_reads_stops_nothing():
    async def story():
        loop = asyncio.get_running_loop()
        master, slave = pair()
        sent = 0
        try:
            while True:
                sent += os.write(slave, b"z" * 1000)
        except BlockingIOError:
            pass
        assert sent > 4095
        await asyncio.sleep(3600)
        got = 0
        writable = asyncio.Event()

        def room():
            writable.set()
            loop.remove_writer(slave)

        loop.add_writer(slave, room)
        while got < sent:
            got += len(os.read(master, 160))
            await asyncio.sleep(0.02)
        assert writable.is_set()
        os.close(master)
        os.close(slave)

    run_virtual(story(), limit_s=7200)


def test_executor_jobs_hold_the_time_and_report_in_order():
    async def story():
        loop = asyncio.get_running_loop()
        began = loop.time()
        order = []

        async def job(number):
            await loop.run_in_executor(None, time.sleep, 0.02 * (4 - number))
            order.append(number)

        async with asyncio.timeout(0.001):
            await asyncio.gather(*(job(number) for number in range(4)))
        assert loop.time() == began
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        assert await asyncio.to_thread(lambda: 7) == 7
        return order

    assert run_virtual(story()) == [0, 1, 2, 3]


def test_sockets_work():
    async def story():
        left, right = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=left)
        echo_reader, echo_writer = await asyncio.open_connection(sock=right)
        writer.write(b"hello\n")
        echo_writer.write(await echo_reader.readline())
        assert await reader.readline() == b"hello\n"
        writer.close()
        echo_writer.close()

    run_virtual(story())


def test_a_deadlock_is_an_error_and_the_test_still_cleans_up():
    cleaned = []

    async def story():
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(1)
            cleaned.append(True)

    with pytest.raises(VirtualDeadlock, match=r"the test: .*story"):
        run_virtual(story())
    assert cleaned == [True]


def test_the_limit_is_an_error():
    async def story():
        while True:
            await asyncio.sleep(1)

    with pytest.raises(VirtualLimit):
        run_virtual(story(), limit_s=100)


def test_an_error_of_the_test_comes_through():
    async def story():
        raise KeyError("x")

    with pytest.raises(KeyError):
        run_virtual(story())


def test_the_same_story_twice_is_the_same_story():
    def once():
        log = []

        async def story():
            loop = asyncio.get_running_loop()
            ends = [pair() for _ in range(8)]

            def echo(master):
                data = os.read(master, 4096)
                log.append((loop.time(), "echo", data))
                os.write(master, data[::-1])

            for master, slave in ends:
                loop.add_reader(master, echo, master)
                loop.add_reader(slave, lambda slave=slave: log.append((loop.time(), "back", os.read(slave, 4096))))
            for turn in range(50):
                for number, (_, slave) in enumerate(ends):
                    if turn % (number + 1) == 0:
                        os.write(slave, f"{turn}.{number}".encode())
                await asyncio.sleep(0.01)
            for master, slave in ends:
                loop.remove_reader(master)
                loop.remove_reader(slave)
                os.close(master)
                os.close(slave)

        run_virtual(story())
        return log

    first = once()
    assert len(first) > 200
    assert all(once() == first for _ in range(3))

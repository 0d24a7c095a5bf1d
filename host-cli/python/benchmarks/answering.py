"""Processes that answer on a pseudo-terminal, each in the protocol of a caller that is measured.

They do no more than answer, so what is measured is the caller.
"""

from __future__ import annotations

import os
import struct
import tty
from collections.abc import Callable

#: Takes the bytes that have come, and returns those that are not used yet and the answer.
Answer = Callable[[bytes], tuple[bytes, bytes]]


def answering(answer: Answer) -> str:
    """Starts a process that answers until its port is closed. Returns the port."""
    master, slave = os.openpty()
    tty.setraw(slave)
    if os.fork() == 0:
        os.close(slave)
        received = b""
        while True:
            try:
                received += os.read(master, 4096)
            except OSError:
                os._exit(0)
            while True:
                received, answered = answer(received)
                if not answered:
                    break
                os.write(master, answered)
    os.close(master)
    return os.ttyname(slave)


def echo(request: int, reply: int) -> str:
    """Starts a process that answers requests of one length by replies of another."""

    def answer(received: bytes) -> tuple[bytes, bytes]:
        if len(received) < request:
            return received, b""
        return received[request:], bytes(reply)

    return answering(answer)


def simple_rpc_device() -> str:
    """Starts a device of simpleRPC, version 3.0, with the function `add`."""
    description = b"simpleRPC\0" + bytes([3, 0, 0]) + b"<H\0" + b"i: i i;add: Adds.\0" + b"\0"
    list_functions, add, arguments = b"\xff", b"\0", struct.Struct("<xii")

    def answer(received: bytes) -> tuple[bytes, bytes]:
        if received[:1] == list_functions:
            return received[1:], description
        if received[:1] != add or len(received) < arguments.size:
            return received, b""
        x, y = arguments.unpack_from(received)
        return received[arguments.size :], struct.pack("<i", x + y)

    return answering(answer)


def smp_device() -> str:
    """Starts a device of the Simple Management Protocol, as MCUmgr has it, that echoes text."""
    from smp import header, packet
    from smp.os_management import EchoWriteRequest, EchoWriteResponse

    def answer(received: bytes) -> tuple[bytes, bytes]:
        line, newline, rest = received.partition(packet.END_DELIMITER)
        if not newline:
            return received, b""
        decoder = packet.decode()
        next(decoder)
        try:
            decoder.send(line + newline)
        except StopIteration as decoded:
            frame = decoded.value
        else:
            raise ValueError("the request is longer than a line")
        # What else a client asks for when it connects has no answer, and it goes on without.
        if header.Header.loads(frame[: header.Header.SIZE]).command_id != header.CommandId.OSManagement.ECHO:
            return rest, b""
        request = EchoWriteRequest.loads(frame)
        reply = EchoWriteResponse(r=request.d, sequence=request.header.sequence)
        return rest, b"".join(packet.encode(reply.BYTES))

    return answering(answer)

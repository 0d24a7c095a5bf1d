"""The smallest correct caller, by the eight rules in PROTOCOL.md: one call at a time, nothing but Python.

Run as `smallest_caller.py HOST PORT COUNT`, it accumulates COUNT ones on the demonstration device at that TCP address,
and prints the final total, and how many calls never ran or have an unknown outcome.
"""

import random
import socket
import sys
import time
import zlib

CONNECT, ACCEPT, CALL, RETURN, ERROR, FAULT, NAK, EVENT = range(8)
NOT_CONNECTED = 3
VERSION = 1
MAX_FRAME = 256
RESEND = 0.25


class NeverRan(Exception):
    """The call did not run and will not."""


class OutcomeUnknown(Exception):
    """The call ran once or not at all."""


class ProcedureError(Exception):
    """The procedure ran, and ended in its own error or in a fault."""


def varint(number):
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def take_varint(data):
    number = 0
    for index, byte in enumerate(data):
        number |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return number, data[index + 1 :]
    raise ValueError("the bytes end too early")


def signed(number):
    return varint(number << 1 if number >= 0 else ~(number << 1))


def take_signed(data):
    number, rest = take_varint(data)
    return number >> 1 ^ -(number & 1), rest


def text(string):
    encoded = string.encode()
    return varint(len(encoded)) + encoded


def trailer_bytes(crc):
    return crc.to_bytes(4, "little")


def stuffed(data):
    """COBS."""
    frame, block = bytearray(), bytearray()
    for byte in data:
        if byte:
            block.append(byte)
        if byte == 0 or len(block) == 254:
            frame += bytes([len(block) + 1]) + block
            block.clear()
            full = byte != 0
        else:
            full = False
    if not full:
        frame += bytes([len(block) + 1]) + block
    return bytes(frame) + b"\0"


def unstuffed(candidate):
    data = bytearray()
    while candidate:
        code, block, candidate = candidate[0], candidate[1 : candidate[0]], candidate[candidate[0] :]
        if len(block) != code - 1:
            return None
        data += block
        if code < 255 and candidate:
            data.append(0)
    return bytes(data)


class Caller:
    def __init__(self, link):
        self.link = link
        self.received = bytearray()
        self.nonce = None

    def call(self, procedure, arguments=b"", deadline=10.0, idempotent=False):
        """Calls a procedure by its number and returns the encoded value."""
        ends = time.monotonic() + deadline
        while True:
            try:
                return self._call_once(procedure, arguments, ends)
            except NeverRan:
                if time.monotonic() >= ends:
                    raise
            except OutcomeUnknown:
                if not idempotent or time.monotonic() >= ends:
                    raise

    def _open(self, ends):
        nonce = random.getrandbits(32)
        payload = bytes([CONNECT << 5]) + varint(VERSION) + varint(nonce) + varint(MAX_FRAME)
        frame = b"\0" + stuffed(payload + trailer_bytes(zlib.crc32(payload)))
        while time.monotonic() < ends:
            self.link.sendall(frame)
            for payload, trailer in self._candidates(ends):
                if payload[0] != ACCEPT << 5 or trailer != zlib.crc32(payload):
                    continue
                version, rest = take_varint(payload[1:])
                if take_varint(rest)[0] != nonce:
                    continue
                if version != VERSION:
                    raise NeverRan(f"the device speaks version {version}")
                self.nonce, self.seq = nonce, 0
                return
        raise NeverRan("no device answers")

    def _call_once(self, procedure, arguments, ends):
        if self.nonce is None:
            self._open(ends)
        header = bytes([CALL << 5 | self.seq])
        payload = header + varint(procedure) + arguments
        sealed = zlib.crc32(payload, zlib.crc32(trailer_bytes(self.nonce)))
        frame = b"\0" + stuffed(payload + trailer_bytes(sealed))
        copies = 0
        while time.monotonic() < ends:
            self.link.sendall(frame)
            copies += 1
            for payload, trailer in self._candidates(ends):
                kind, seq = payload[0] >> 5, payload[0] & 31
                if kind == NAK and payload[1:] == bytes([NOT_CONNECTED]):
                    if seq == self.seq and trailer == zlib.crc32(payload, sealed):
                        self.nonce = None
                        raise (NeverRan if copies == 1 else OutcomeUnknown)("the device was reset")
                elif kind == ACCEPT and trailer == zlib.crc32(payload):
                    if take_varint(take_varint(payload[1:])[1])[0] != self.nonce:
                        self.nonce = None
                        time.sleep(RESEND)
                        raise OutcomeUnknown("another caller has taken over")
                elif trailer != zlib.crc32(payload, zlib.crc32(trailer_bytes(self.nonce))):
                    continue
                elif kind == NAK:
                    break
                elif kind in (RETURN, ERROR, FAULT) and seq == self.seq:
                    self.seq = (self.seq + 1) % 32
                    if kind == RETURN:
                        return payload[1:]
                    raise ProcedureError(payload[1:])
        self.nonce = None
        raise (OutcomeUnknown if copies else NeverRan)("the deadline has passed")

    def _candidates(self, ends):
        """Yields payload and trailer of what may be a frame, until there was no answer for the resend time."""
        until = min(ends, time.monotonic() + RESEND)
        while True:
            while 0 in self.received:
                candidate, self.received = self.received.split(b"\0", 1)
                data = unstuffed(bytes(candidate))
                if data is not None and len(data) > 4 and len(candidate) < MAX_FRAME:
                    yield data[:-4], int.from_bytes(data[-4:], "little")
            left = until - time.monotonic()
            if left <= 0:
                return
            self.link.settimeout(left)
            try:
                received = self.link.recv(4096)
            except TimeoutError:
                return
            finally:
                self.link.settimeout(None)
            if not received:
                raise OutcomeUnknown("the link was closed")
            self.received += received


def key(service, procedure, types):
    return zlib.crc32(text(service) + text(procedure) + types)


def main():
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    caller = Caller(socket.create_connection((host, port), timeout=10))
    resolve, ping = 1, 3

    echoed = caller.call(ping, text("hello"), idempotent=True)
    assert echoed == text("hello"), echoed

    math_error = b"\1\0\x1b" + varint(4) + b"".join(
        text(variant) + b"\0" for variant in ["Overflow", "DivideByZero", "NegativeRoot", "NoSamples"]
    )
    i32, i64 = b"\0\4", b"\0\5"
    numbers = {}
    for name, types in [
        ("add", b"\2" + i32 + i32 + i32 + math_error),
        ("accumulate", b"\1" + i64 + i64 + math_error),
        ("div", b"\2" + i32 + i32 + i32 + math_error),
        ("total", b"\0" + i64 + b"\0"),
    ]:
        found = caller.call(resolve, varint(key("calculator", name, types)), idempotent=True)
        assert found[0] == 1, f"the device has no {name}"
        numbers[name] = take_varint(found[1:])[0]

    assert take_signed(caller.call(numbers["add"], signed(2) + signed(3), idempotent=True)) == (5, b"")
    try:
        caller.call(numbers["div"], signed(1) + signed(0), idempotent=True)
        raise AssertionError("divided by zero")
    except ProcedureError as error:
        assert error.args[0] == b"\1", error

    never = unknown = 0
    for _ in range(count):
        try:
            caller.call(numbers["accumulate"], signed(1))
        except NeverRan:
            never += 1
        except OutcomeUnknown:
            unknown += 1
    total, _ = take_signed(caller.call(numbers["total"], idempotent=True))
    print(total, never, unknown)


if __name__ == "__main__":
    main()

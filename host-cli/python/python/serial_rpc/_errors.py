"""The exceptions of this package.

Each says whether the procedure has run (``ran``): ``"never"``, ``"once"``, or ``"maybe"``, if nobody
can tell.
"""

from __future__ import annotations

from typing import Any, Literal

Ran = Literal["never", "maybe", "once"]


class Error(Exception):
    """Something that this package could not do. All its exceptions are of this class."""

    #: Whether the procedure has run: "never", "once", or "maybe".
    ran: Ran = "never"
    #: What to do about it, if there is something to say.
    hint: str | None = None
    #: How many items of a feed were taken before it failed.
    taken: int | None = None

    def __init__(self, message: str, *, ran: Ran = "never", hint: str | None = None) -> None:
        super().__init__(message)
        self.ran = ran
        self.hint = hint
        if hint is not None and hasattr(self, "add_note"):
            self.add_note(f"hint: {hint}")


class PortError(Error, OSError):
    """The port cannot be opened."""

    def __str__(self) -> str:
        return str(self.args[0])


class ArgumentError(Error, TypeError, ValueError):
    """An argument is missing, unknown, not of its type or out of range. Nothing was called."""


class NoSuchProcedure(Error, AttributeError):
    """The device has no procedure or event of that name, or one with other types."""


class CallTimeout(Error, TimeoutError):
    """The deadline passed before the call could be sent: it has not run."""

    def __str__(self) -> str:
        return str(self.args[0])


class OutcomeUnknown(Error):
    """The call was sent, but no answer came: it has run once, or not at all."""

    #: Why no answer came: "timeout", "reset", "disconnected", "cancelled", "other caller", "other
    #: device" or "relay".
    cause: str

    def __init__(self, message: str, *, ran: Ran = "maybe", cause: str = "timeout") -> None:
        super().__init__(message, ran=ran)
        self.cause = cause


class Disconnected(Error, ConnectionError):
    """The link failed before the call could be sent: it has not run."""

    def __str__(self) -> str:
        return str(self.args[0])


class Cancelled(Error):
    """The connection was closed before the call could be sent: it has not run."""


class Unreachable(Error):
    """The call could not be passed on to its device: it has not run."""


class Refused(Error, PermissionError):
    """The device does not let this caller make this call: it has not run."""

    def __str__(self) -> str:
        return str(self.args[0])


class OtherDevice(Error):
    """Another device is at the other end now, or one with another interface."""


class ReplyError(Error):
    """The procedure has run, but its reply does not fit or makes no sense."""


class ProtocolError(Error):
    """The device's description cannot be used."""


class BlockError(Error):
    """The device does not let a block be read or written."""


class ProcedureError(Error):
    """The procedure has run and ended in its own error.

    Each type of error of a device has a subclass of its own: ``device.errors.MathError``.
    """

    #: The path of the procedure, such as ``calculator.div``.
    path: str
    #: The error: a member of an enum, or an object of a dataclass.
    error: Any

    def __init__(self, message: str, *, ran: Ran = "once", path: str = "", error: Any = None) -> None:
        super().__init__(message, ran=ran)
        self.path = path
        self.error = error

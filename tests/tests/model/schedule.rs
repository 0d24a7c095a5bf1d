//! The steps of a system, and their bounds: every order of the steps that the bounds allow is a
//! schedule.

use crate::channel::Fate;
use rpc_proto::time::Instant;

/// The bounds of a schedule.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Bounds {
    pub calls: u8,
    /// The number of calls that the device's buffer holds while it is busy.
    pub buffer: u8,
    /// True or false for all calls; each call may be idempotent or not if it is None.
    pub idempotent: Option<bool>,
    /// True if the caller sends at once, rather than some time later.
    pub prompt: bool,
    /// Frames lost or corrupt.
    pub faults: u8,
    /// Delimiters lost, and noise between frames.
    pub noise: u8,
    pub resets: u8,
    pub link_losses: u8,
    /// Resend time-outs that come although bytes are in transit. Others come as they must.
    pub time_outs: u8,
    /// Calls whose deadline may pass.
    pub deadlines: u8,
    /// Calls whose deadline may pass before a resend time-out.
    pub short_deadlines: u8,
    /// Calls that the caller stops waiting for.
    pub abandoned: u8,
    /// Frames of which a part is sent, and another step happens before the rest is.
    pub interrupted: u8,
    /// Sessions that another caller on the line begins.
    pub other_sessions: u8,
    /// Calls that it makes.
    pub other_calls: u8,
    /// Calls of a lost link that arrive after all, whatever has happened since.
    pub stale: u8,
}

impl Bounds {
    /// Counts a fault of a frame.
    pub fn spend(&mut self, fate: Fate) {
        match fate {
            Fate::Whole => {}
            Fate::Lost | Fate::Corrupt => self.faults -= 1,
            Fate::Joined => self.noise -= 1,
        }
    }
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Call {
        idempotent: bool,
        deadline: Deadline,
    },
    Abandon {
        call: u8,
    },
    Send,
    SendInPart,
    ToDevice(Fate),
    ToCaller(Fate),
    NoiseToDevice,
    NoiseToCaller,
    /// The device forgets everything, including the oldest `unread` chunks that it had received but
    /// not read, and the youngest `unsent` answers.
    Reset {
        unread: u8,
        unsent: u8,
    },
    /// The other caller sends a Connect.
    OtherConnects,
    /// The other caller sends the next call of its session.
    OtherCalls,
    /// The oldest call that a lost link has kept arrives.
    StaleToDevice,
    /// The link is lost and comes back: the bytes in transit to the caller are lost, as are the
    /// youngest `unsent` chunks to the device, unless they are kept to arrive later. The device keeps
    /// the bytes that it has received.
    LinkLost {
        unsent: u8,
    },
    TimeOut,
    DeadlinePasses {
        call: u8,
    },
}

/// The deadline of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Less than the resend time: it passes without a resend time-out, or with the next.
    Short,
    /// Longer: there may be resend time-outs before it passes, and one comes with it.
    Long,
    /// It does not pass.
    Never,
}

impl Deadline {
    pub const fn instant(self) -> Instant {
        Instant::from_micros(match self {
            Self::Short => RESEND.as_micros() / 2,
            Self::Long => RESEND.as_micros() * 2,
            Self::Never => u64::MAX,
        })
    }
}

/// The time at which the resend timer is due, whenever it was started.
pub const RESEND: Instant = Instant::from_micros(10);

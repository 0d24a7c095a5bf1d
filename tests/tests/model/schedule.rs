//! What can happen to a system, and how much of it: every order of the steps that the bounds
//! allow is a schedule.

use crate::channel::Fate;
use rpc_proto::time::Instant;

/// How much may happen.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Bounds {
    pub calls: u8,
    /// How many calls the device's buffer holds while it is busy.
    pub buffer: u8,
    /// Whether calls are idempotent: each may be or not where nothing is said.
    pub idempotent: Option<bool>,
    /// Whether the caller sends at once, rather than some time later.
    pub prompt: bool,
    /// Frames lost or corrupt.
    pub faults: u8,
    /// Delimiters lost, and noise between frames.
    pub noise: u8,
    pub resets: u8,
    pub link_losses: u8,
    /// Resend time-outs that come although something is under way. Others come as they must.
    pub time_outs: u8,
    /// Calls whose deadline may pass.
    pub deadlines: u8,
    /// Calls whose deadline may pass before a resend time-out.
    pub short_deadlines: u8,
    /// Calls that the caller stops waiting for.
    pub abandoned: u8,
    /// Frames of which a part is sent, and something else happens before the rest is.
    pub interrupted: u8,
    /// Sessions that another caller on the line begins.
    pub other_sessions: u8,
    /// Calls that it makes.
    pub other_calls: u8,
    /// Calls of a lost link that arrive after all, whatever has happened since.
    pub stale: u8,
}

impl Bounds {
    /// Counts what the line did to a frame.
    pub fn spend(&mut self, fate: Fate) {
        match fate {
            Fate::Whole => {}
            Fate::Lost | Fate::Corrupt => self.faults -= 1,
            Fate::Joined => self.noise -= 1,
        }
    }
}

/// Something that can happen.
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
    /// The device forgets everything: the oldest `unread` chunks that it had received but not
    /// looked at, and the youngest `unsent` answers, too.
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
    /// The link goes and comes back: what is under way to the caller is lost, as are the youngest
    /// `unsent` chunks to the device, unless they are kept to arrive later. What the device has
    /// received it still has.
    LinkLost {
        unsent: u8,
    },
    TimeOut,
    DeadlinePasses {
        call: u8,
    },
}

/// How long a caller is ready to wait.
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

/// When the resend timer is due, whenever it was armed.
pub const RESEND: Instant = Instant::from_micros(10);

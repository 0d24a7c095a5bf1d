//! Checks frames that pass between a caller and a device, as their receivers do.

use rpc_proto::wire::frame::Candidate;
use rpc_proto::wire::message::{Kind, NakReason};
use rpc_proto::wire::seal::{Seal, TRAILER_LEN};

/// The seals that frames may have: those of the sessions that were last asked for, and of the calls
/// that may be refused.
#[derive(Debug, Default)]
pub struct Seals {
    /// The session that was asked for last, and the one before it: frames of that may still pass.
    sessions: [Option<u32>; 2],
    /// The trailer of the last call with each sequence number.
    calls: [Option<[u8; TRAILER_LEN]>; 32],
}

impl Seals {
    /// Returns true if the beginning of a session was seen.
    pub fn know_a_session(&self) -> bool {
        self.sessions[0].is_some()
    }

    /// The body, if the candidate is a frame that its receiver takes. Learns from it which sessions
    /// there are.
    pub fn open<'f>(&mut self, candidate: Candidate<'f>) -> Option<&'f [u8]> {
        const NOT_CONNECTED: u8 = NakReason::NotConnected as u8;
        let header = candidate.header();
        let call = usize::from(header.seq.number());
        match (header.kind, candidate.code()) {
            (Kind::Connect | Kind::Accept, _) => {
                let body = candidate.open(Seal::NONE)?;
                // Version and nonce come first in every version.
                if let Ok(((_, nonce), _)) = postcard::take_from_bytes::<(u8, u32)>(body) {
                    self.begin(nonce);
                }
                Some(body)
            }
            (Kind::Nak, Some(NOT_CONNECTED)) => {
                let seal = Seal::of_trailer(self.calls[call]?);
                candidate.open(seal)
            }
            (kind, _) => {
                if kind == Kind::Call {
                    self.calls[call] = Some(candidate.trailer());
                }
                let sessions = self.sessions.into_iter().flatten();
                sessions
                    .map(Seal::of_session)
                    .find_map(|seal| candidate.open(seal))
            }
        }
    }

    fn begin(&mut self, nonce: u32) {
        if self.sessions[0] != Some(nonce) {
            self.sessions = [Some(nonce), self.sessions[0]];
        }
    }
}

//! Tests PROTOCOL.md against the C library: its vectors, in both directions.
#![cfg(c_compiler)]
#![allow(unsafe_code, reason = "the C library is called here")]

#[path = "../../tests/golden/batches.rs"]
mod batches;
#[path = "../../tests/golden/messages.rs"]
mod messages;

/// The end that is tested.
mod end {
    use c_library::{DeviceInC, sys};
    use rpc_proto::wire::seal::Seal;
    use tests::wire::answer_to;

    /// Returns the seal as the library has it: the CRC-32 before a payload.
    fn value(seal: Seal) -> u32 {
        u32::from_le_bytes(seal.trailer())
    }

    pub fn frame(payload: &[u8], seal: Seal) -> Vec<u8> {
        let mut frame = vec![0; 64];
        let end = 1 + payload.len();
        frame[1..end].copy_from_slice(payload);
        // SAFETY: the buffer is as long as it says.
        let length =
            unsafe { sys::srpc_frame_close(frame.as_mut_ptr(), end as u16, 64, value(seal)) };
        frame.truncate(length.into());
        frame
    }

    /// Returns the payload of a frame, if it has that seal.
    pub fn open(frame: &[u8], seal: Seal) -> Option<Vec<u8>> {
        let mut bytes = frame.strip_suffix(&[0])?.to_vec();
        // SAFETY: the buffer is as long as it says, and the payload lies in it.
        let (length, checks) = unsafe {
            let length = sys::srpc_frame_open(bytes.as_mut_ptr(), bytes.len() as u16);
            let payload = bytes.as_ptr().add(1);
            (length, sys::srpc_seal_checks(value(seal), payload, length))
        };
        checks.then(|| bytes[1..=usize::from(length)].to_vec())
    }

    pub fn counter(body: &[u8]) -> Vec<u8> {
        answer_to(&mut DeviceInC::<64, 1>::counter(), body)
    }

    pub fn ring(body: &[u8]) -> Vec<u8> {
        answer_to(&mut DeviceInC::<64, 1>::ring(), body)
    }
}

//! A queue of bytes from an interrupt handler to the main program.
//!
//! Each board's UART receives into one of these. It is made of atomics, so that it can be a plain
//! `static` which both sides use without a lock and without `unsafe`; the halves of a
//! `heapless::spsc::Queue` would have to be moved to the interrupt handler. It uses only loads and
//! stores, because an ARMv6-M or an RV32IMC has nothing else.

use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// A queue of up to `N` bytes, `N` being a power of two.
///
/// One side may push while the other pops. If two push (or pop) at the same time, bytes may be lost
/// or repeated, but nothing worse.
pub struct ByteRing<const N: usize> {
    slots: [AtomicU8; N],
    /// The number of bytes ever pushed, modulo the range of `usize`.
    pushed: AtomicUsize,
    popped: AtomicUsize,
}

impl<const N: usize> ByteRing<N> {
    /// Creates an empty queue. A size that is not a power of two does not compile.
    #[must_use]
    pub const fn new() -> Self {
        // This lets the counters wrap around, and finding a slot cannot fail.
        const { assert!(N.is_power_of_two()) };
        Self {
            slots: [const { AtomicU8::new(0) }; N],
            pushed: AtomicUsize::new(0),
            popped: AtomicUsize::new(0),
        }
    }

    /// Appends a byte, or returns it if the queue is full.
    ///
    /// # Errors
    /// Returns the byte if the queue already holds `N` bytes.
    pub fn push(&self, byte: u8) -> Result<(), u8> {
        let pushed = self.pushed.load(Ordering::Relaxed);
        // Acquire: the slot may be written only after its old byte was read.
        if pushed.wrapping_sub(self.popped.load(Ordering::Acquire)) >= N {
            return Err(byte);
        }
        self.slots[pushed % N].store(byte, Ordering::Relaxed);
        self.pushed.store(pushed.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Removes the oldest byte, or returns `None` when there is none.
    pub fn pop(&self) -> Option<u8> {
        let popped = self.popped.load(Ordering::Relaxed);
        // Acquire: the slot may be read only after its byte was written.
        if popped == self.pushed.load(Ordering::Acquire) {
            return None;
        }
        let byte = self.slots[popped % N].load(Ordering::Relaxed);
        self.popped.store(popped.wrapping_add(1), Ordering::Release);
        Some(byte)
    }

    /// Returns true if there is nothing to pop.
    pub fn is_empty(&self) -> bool {
        self.popped.load(Ordering::Relaxed) == self.pushed.load(Ordering::Acquire)
    }
}

impl<const N: usize> Default for ByteRing<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn bytes_leave_in_the_order_they_came() {
        let ring = ByteRing::<4>::new();
        for round in 0..100 {
            assert_eq!(ring.push(round), Ok(()));
            assert_eq!(ring.push(round + 100), Ok(()));
            assert_eq!((ring.pop(), ring.pop()), (Some(round), Some(round + 100)));
        }
        assert_eq!(ring.pop(), None);
    }

    #[test]
    fn a_full_ring_gives_the_byte_back_and_keeps_the_others() {
        let ring = ByteRing::<2>::new();
        assert_eq!((ring.push(1), ring.push(2)), (Ok(()), Ok(())));
        assert_eq!(ring.push(3), Err(3));
        assert_eq!(
            (ring.pop(), ring.pop(), ring.pop()),
            (Some(1), Some(2), None)
        );
    }

    #[test]
    fn only_a_ring_without_bytes_is_empty() {
        let ring = ByteRing::<2>::new();
        assert!(ring.is_empty());
        assert_eq!(ring.push(0), Ok(()));
        assert!(!ring.is_empty());
        assert_eq!(ring.pop(), Some(0));
        assert!(ring.is_empty());
    }

    #[test]
    fn the_counters_may_wrap_around() {
        let ring = ByteRing::<4>::new();
        ring.pushed.store(usize::MAX, Ordering::Relaxed);
        ring.popped.store(usize::MAX, Ordering::Relaxed);
        for byte in 0..4 {
            assert_eq!(ring.push(byte), Ok(()));
        }
        assert_eq!(ring.push(4), Err(4));
        for byte in 0..4 {
            assert_eq!(ring.pop(), Some(byte));
        }
    }

    #[test]
    fn two_threads_may_push_and_pop_at_the_same_time() {
        static RING: ByteRing<8> = ByteRing::new();
        let bytes = || (0..10_000_u32).map(|i| (i % 251) as u8);
        let producer = std::thread::spawn(move || {
            for byte in bytes() {
                while RING.push(byte).is_err() {
                    std::thread::yield_now();
                }
            }
        });
        for expected in bytes() {
            let byte = loop {
                match RING.pop() {
                    Some(byte) => break byte,
                    None => std::thread::yield_now(),
                }
            };
            assert_eq!(byte, expected);
        }
        producer.join().expect("the producer does not panic");
    }
}

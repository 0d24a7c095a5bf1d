//! Queues text and logs for the UART that also carries the frames, until no frame is being sent. So
//! any code may print at any time, interrupt handlers included.
//!
//! If the queue is full, text is lost. To lose nothing, print less, or make the queue larger.

use core::cell::UnsafeCell;
use critical_section::RestoreState;
use interrupt_uart::ByteRing;

static QUEUE: ByteRing<512> = ByteRing::new();

/// Prints these bytes as soon as no frame is being sent.
pub fn print(bytes: &[u8]) {
    // All at once, even if others print too.
    critical_section::with(|_| queue(bytes));
}

/// Returns the next byte to print; call this only between frames.
pub fn next() -> Option<u8> {
    QUEUE.pop()
}

fn queue(bytes: &[u8]) {
    for &byte in bytes {
        if QUEUE.push(byte).is_err() {
            return;
        }
    }
}

/// Sends defmt's logs the same way. A log ends in a delimiter by itself.
#[defmt::global_logger]
struct Logger;

/// The encoder of the current log message.
struct Message(UnsafeCell<(defmt::Encoder, RestoreState)>);

// SAFETY: it is used only in the critical section from `acquire` to `release`.
unsafe impl Sync for Message {}

static MESSAGE: Message = Message(UnsafeCell::new((
    defmt::Encoder::new(),
    RestoreState::invalid(),
)));

// SAFETY: the critical section keeps all others out until the message is complete.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: `release` ends it.
        let state = unsafe { critical_section::acquire() };
        // SAFETY: this is the critical section.
        let (encoder, restore) = unsafe { &mut *MESSAGE.0.get() };
        *restore = state;
        encoder.start_frame(queue);
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: defmt calls this between `acquire` and `release`.
        let (encoder, _) = unsafe { &mut *MESSAGE.0.get() };
        encoder.write(bytes, queue);
    }

    unsafe fn flush() {
        // The main program prints the queue, and is not waited for.
    }

    unsafe fn release() {
        // SAFETY: defmt calls this after `acquire`.
        let (encoder, restore) = unsafe { &mut *MESSAGE.0.get() };
        encoder.end_frame(queue);
        // SAFETY: the state is that of the critical section that `acquire` began.
        unsafe { critical_section::release(*restore) };
    }
}

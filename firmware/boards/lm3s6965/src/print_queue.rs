//! Text and logs for the UART that carries the frames as well. They wait in a queue until no frame
//! is being sent, so anybody may print at any time, interrupt handlers included.
//!
//! What finds no room is lost. Whoever wants nothing to be lost prints less, or makes it larger.

use core::cell::UnsafeCell;
use critical_section::RestoreState;
use interrupt_uart::ByteRing;

static QUEUE: ByteRing<512> = ByteRing::new();

/// Prints those bytes as soon as no frame is being sent.
pub fn print(bytes: &[u8]) {
    // In one piece, whoever else prints.
    critical_section::with(|_| queue(bytes));
}

/// The next byte to be printed: to be asked for between frames only.
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

/// What is logged with defmt goes the same way. It ends in a delimiter by itself.
#[defmt::global_logger]
struct Logger;

/// The encoder of the message that is being logged.
struct Message(UnsafeCell<(defmt::Encoder, RestoreState)>);

// SAFETY: it is used in the critical section only that lasts from `acquire` to `release`.
unsafe impl Sync for Message {}

static MESSAGE: Message = Message(UnsafeCell::new((
    defmt::Encoder::new(),
    RestoreState::invalid(),
)));

// SAFETY: the critical section keeps everybody else out until the message is complete.
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
        // The main program prints what is queued, and it is not waited for.
    }

    unsafe fn release() {
        // SAFETY: defmt calls this after `acquire`.
        let (encoder, restore) = unsafe { &mut *MESSAGE.0.get() };
        encoder.end_frame(queue);
        // SAFETY: the state is that of the critical section that `acquire` began.
        unsafe { critical_section::release(*restore) };
    }
}

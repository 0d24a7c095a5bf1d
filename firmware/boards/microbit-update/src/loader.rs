//! The boot loader: swaps the two images if that was asked for, or back if the new one was not
//! confirmed, and starts the active one. A power cut at any moment does no harm: the next boot goes
//! on where this one was interrupted.
#![no_std]
#![no_main]

use core::arch::global_asm;
use core::panic::PanicInfo;
use cortex_m_rt::entry;
use embassy_boot::{BootLoader, BootLoaderConfig};
use partitions::{Partition, Partitions};

#[entry]
fn main() -> ! {
    let Partitions {
        state,
        active,
        spare,
    } = Partitions::linked();
    let start = active.start() as *const u32;
    let mut loader = BootLoader::<Partition, Partition, Partition>::new(BootLoaderConfig {
        active,
        dfu: spare,
        state,
    });
    // The flash of this chip reports no errors.
    if loader.prepare_boot(&mut [0; 256]).is_err() {
        cortex_m::asm::udf();
    }
    // SAFETY: nothing runs but this, and nothing of it is used afterwards.
    unsafe { cortex_m::asm::bootload(start) }
}

// The vector table of a Cortex-M0 cannot be moved, so this one stays in charge: what it has no handler
// for goes to the handler of the same number in the table of the application. The registers that this
// uses were saved by the processor.
global_asm!(
    ".section .HardFault.forwarded, \"ax\"",
    ".global HardFault, DefaultHandler",
    ".type HardFault, %function",
    ".type DefaultHandler, %function",
    ".thumb_func",
    "HardFault:",
    ".thumb_func",
    "DefaultHandler:",
    "mrs r0, ipsr",
    "lsls r0, r0, #2",
    "ldr r1, =__active_start",
    "ldr r0, [r1, r0]",
    "bx r0",
    ".pool",
);

/// Stops for the debugger.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::asm::udf()
}

//! A microcontroller that calls another one: it calls every procedure of the calculator that is
//! served at the other end of the UART.
//!
//! The results are printed through semihosting, line by line. At the end the board switches itself
//! off, with success if every call was answered, even with the procedure's own error.
#![no_std]
#![no_main]

#[path = "../clock.rs"]
mod clock;
#[path = "../serial.rs"]
mod serial;
#[path = "../uart.rs"]
mod uart;

use clock::SysTickClock;
use core::fmt::Debug;
use core::panic::PanicInfo;
use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::{hprintln, syscall};
use firmware::calculator::CalculatorClient;
use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::time::Duration;

/// The longest frame, in bytes: that of 16 samples of 8 bytes each.
const FRAME: usize = 160;

/// The time limit for a call: the other board may be switched on later than this one.
const PATIENCE: Duration = Duration::from_secs(30);

#[entry]
fn main() -> ! {
    let Some(peripherals) = cortex_m::Peripherals::take() else {
        unreachable!("nobody else has taken them")
    };
    let clock = SysTickClock::start(peripherals.SYST);
    let mut caller = BlockingCaller::new(
        serial::start(),
        clock,
        Client::<FRAME>::new(nonce(), Timing::default()),
    );
    caller.client().set_patience(PATIENCE, 0);

    hprintln!("calling");
    let all_answered = call_every_procedure(&mut CalculatorClient::new(&mut caller));
    hprintln!("{:?}", caller.client().counters());
    debug::exit(if all_answered {
        EXIT_SUCCESS
    } else {
        EXIT_FAILURE
    });
    unreachable!("the board is switched off")
}

/// Calls a procedure, prints the result, and returns true if it was answered.
macro_rules! call {
    ($calculator:ident.$procedure:ident($($argument:expr),*)) => {
        show(
            concat!(stringify!($procedure), "(", stringify!($($argument),*), ")"),
            &$calculator.$procedure($($argument),*),
        )
    };
}

fn call_every_procedure(calculator: &mut Calculator<'_>) -> bool {
    // No short circuit: if one call fails, the others are still made.
    call!(calculator.add(2, 3))
        & call!(calculator.add(i32::MAX, 1))
        & call!(calculator.sub(-2_000_000_000, 1))
        & call!(calculator.mul(-12_345, 67_890))
        & call!(calculator.div(-7, 2))
        & call!(calculator.div(1, 0))
        & call!(calculator.rem(-7, 2))
        & call!(calculator.pow(2, 30))
        & call!(calculator.pow(2, 31))
        & call!(calculator.sqrt(2.25))
        & call!(calculator.sqrt(-1.0))
        & call!(calculator.statistics([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into()))
        & call!(calculator.statistics([1.0; 16].into()))
        & call!(calculator.statistics([].into()))
        & call!(calculator.evaluate("2*(3+4)-5"))
        & call!(calculator.evaluate("2*(3+4"))
        & call!(calculator.clear())
        & call!(calculator.accumulate(40))
        & call!(calculator.accumulate(i64::MAX))
        & call!(calculator.accumulate(2))
        & call!(calculator.total())
}

type Calculator<'c> =
    CalculatorClient<&'c mut BlockingCaller<serial::Serial, SysTickClock, Client<FRAME>>>;

fn show<T: Debug, E: Debug>(call: &str, result: &Result<T, CallError<E>>) -> bool {
    match result {
        Ok(value) => hprintln!("{} = {:?}", call, value),
        Err(CallError::Error(error)) => hprintln!("{} = error {:?}", call, error),
        Err(failure) => {
            hprintln!("{} failed: {}", call, failure);
            return false;
        }
    }
    true
}

/// Returns a number that no session of this board has had: the time of day. A board without a
/// debugger would count its starts in flash instead.
fn nonce() -> u32 {
    // SAFETY: this call of the debugger takes no argument and touches no memory.
    unsafe { syscall!(TIME) as u32 }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(EXIT_FAILURE);
    cortex_m::asm::udf()
}

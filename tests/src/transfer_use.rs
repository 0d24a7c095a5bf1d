//! Measures the share of a line that a whole block and a stream use, both ways, in virtual time,
//! with the same code as the host runs.

use crate::line::{Faults, Pace};
use crate::shelf::{Shelf, ShelfService, pattern};
use crate::virtual_link::{VirtualCaller, VirtualLink};
use rpc_proto::services::blocks::{BlocksClient, BlocksService, Get, Put, Stored};
use rpc_proto::time::Duration;
use std::fmt::Write as _;
use std::ops::ControlFlow;

/// The number of bytes to transfer.
pub const BYTES: usize = 32 * 1024;

/// A window that fills a line.
const WINDOW: usize = 8;

/// The use that a transfer made of its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Use {
    /// The used share of the line's capacity in the direction of the data.
    pub line: f64,
    /// The share of that use that was data.
    pub data: f64,
}

/// The kind of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// A block from the device.
    Get,
    /// A block to the device.
    Put,
}

fn start(_before: Option<&mut ShelfService>) -> ShelfService {
    BlocksService(Stored::new(Shelf::with(BYTES)))
}

/// Transfers a block over a line of that speed, between ends with frames of up to `FRAME` bytes.
///
/// # Panics
/// Panics if it fails.
pub fn measure<const FRAME: usize>(transfer: Transfer, baud: u32) -> Use {
    let mut caller: VirtualCaller<ShelfService, FRAME, WINDOW> =
        VirtualLink::caller(Pace::uart(baud), Faults::NONE, 1, start);
    // A full queue takes longer than the default at 9,600 baud.
    caller.client().set_patience(Duration::from_secs(60), 0);
    // The connection is not measured.
    let _ = BlocksClient::new(&mut caller).find("data");
    let (began, sent) = (caller.link().now(), sent(&mut caller, transfer));
    let bytes = pattern(BYTES);
    match transfer {
        Transfer::Get => {
            let mut read = Vec::new();
            let sink = |_, piece: &[u8], _| {
                read.extend_from_slice(piece);
                ControlFlow::Continue(())
            };
            Get::new("data").run(&mut caller, sink).expect("it is read");
            assert!(read == bytes);
        }
        Transfer::Put => {
            let mut put = Put::new("data", &bytes);
            put.run(&mut caller, |_| ()).expect("it is written");
        }
    }
    let elapsed = caller.link().now().since(began).as_micros();
    /// Eight bits, a start bit and a stop bit; microseconds.
    const BITS_TIMES_MICROS: f64 = 10.0 * 1e6;
    let could = elapsed as f64 * f64::from(baud) / BITS_TIMES_MICROS;
    let carried = self::sent(&mut caller, transfer) - sent;
    Use {
        line: carried as f64 / could,
        data: BYTES as f64 / could,
    }
}

/// Returns the number of bytes sent in the direction of the data.
fn sent<const FRAME: usize>(
    caller: &mut VirtualCaller<ShelfService, FRAME, WINDOW>,
    transfer: Transfer,
) -> u64 {
    match transfer {
        Transfer::Get => caller.link().to_caller.sent(),
        Transfer::Put => caller.link().to_device.sent(),
    }
}

/// Returns the figures that are kept in `tests/tests/transfer_use.txt`, one a line.
///
/// # Panics
/// Panics if a transfer fails.
#[must_use]
pub fn figures() -> String {
    let mut figures = String::new();
    let mut add = |transfer, baud, frame, used: Use| {
        let (line, data) = (used.line * 100.0, used.data * 100.0);
        let transfer = match transfer {
            Transfer::Get => "get",
            Transfer::Put => "put",
        };
        writeln!(
            figures,
            "{transfer}, {baud} baud, frames of {frame}: line {line:.2} %, data {data:.2} %"
        )
        .expect("a string takes everything");
    };
    for transfer in [Transfer::Get, Transfer::Put] {
        for baud in crate::line_use::BAUDS {
            add(transfer, baud, 64, measure::<64>(transfer, baud));
            add(transfer, baud, 256, measure::<256>(transfer, baud));
            add(transfer, baud, 1024, measure::<1024>(transfer, baud));
        }
    }
    figures
}

//! Runs postcard-rpc's server over its own `embedded-io-async` transport, polled by a bare loop: no
//! executor, no interrupt, and the same UART as in the measurements of serial-rpc.

use core::convert::Infallible;
use core::hint::spin_loop;
use core::pin::pin;
use core::task::{Context, Waker};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_async::{ErrorType, Read, Write};
use postcard_rpc::server::impls::embedded_io_async_v0_6::{EioWireRx, EioWireTx, WireStorage};
use postcard_rpc::server::{Dispatch, Server, WireSpawn};
use size::Uart;

/// The UART, which never waits.
pub struct Polled;

/// Sends replies.
pub type Sender = EioWireTx<NoopRawMutex, Polled>;
/// Receives calls.
pub type Receiver = EioWireRx<Polled>;
/// The buffers: frames of 64 bytes each way, like ours.
pub type Storage = WireStorage<Polled, Polled, NoopRawMutex, 64, 64>;

impl ErrorType for Polled {
    type Error = Infallible;
}

impl Read for Polled {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        embedded_io::Read::read(&mut Uart, buffer)
    }
}

impl Write for Polled {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        embedded_io::Write::write(&mut Uart, bytes)
    }
}

/// Spawns nothing: every procedure here runs in place.
#[derive(Clone)]
pub struct SpawnsNothing;

impl WireSpawn for SpawnsNothing {
    type Error = Infallible;
    type Info = ();

    fn info(&self) -> &() {
        &()
    }
}

/// Serves the calculator for ever.
pub fn serve<D: Dispatch<Tx = Sender>>(
    storage: &'static Storage,
    frame: &mut [u8],
    dispatch: D,
) -> ! {
    let Some((receiver, sender)) = storage.init(Polled, Polled) else {
        // None if it has been taken before, which nobody does.
        loop {
            spin_loop();
        }
    };
    let key_len = dispatch.min_key_len();
    let mut server = Server::new(sender, receiver, frame, dispatch, key_len);
    loop {
        let mut run = pin!(server.run());
        let mut context = Context::from_waker(Waker::noop());
        while run.as_mut().poll(&mut context).is_pending() {}
    }
}

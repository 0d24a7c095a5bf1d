//! Runs ergot's edge stack over its own `embedded-io-async` interface, polled by a bare loop: no executor, no
//! interrupt, and the same UART as in the measurements of serial-rpc.

use bbq2::traits::coordination::cs::CsCoord;
use core::convert::Infallible;
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use device::{Calculation, Operands};
use embassy_futures::yield_now;
use embedded_io_async::{ErrorType, Read, Write};
use ergot::toolkits::embedded_io_async_v0_6::{self as kit, tx_worker};
use ergot::traits::Endpoint;
use mutex::raw_impls::cs::CriticalSectionRawMutex;
use size::Uart;

/// The longest packet, like our frames.
const PACKET: usize = 64;
/// The packets that wait to be sent. Each asks for room in one piece for the longest frame, and there is some wherever
/// the one before it ended.
const QUEUE: usize = 2 * (PACKET + 2) + 1;

type Queue = kit::Queue<QUEUE, CsCoord>;
type Stack = kit::Stack<&'static Queue, CriticalSectionRawMutex>;
type Receiver = kit::RxWorker<&'static Queue, CriticalSectionRawMutex, Polled>;

static OUTGOING: Queue = kit::Queue::new();
static STACK: Stack = kit::new_target_stack(OUTGOING.stream_producer(), PACKET as u16);

/// The UART. It waits for bytes, but lets the sockets and the sender run when a frame has ended.
#[derive(Default)]
struct Polled {
    has_frame: bool,
}

impl ErrorType for Polled {
    type Error = Infallible;
}

impl Read for Polled {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if self.has_frame {
            yield_now().await;
        }
        let read = embedded_io::Read::read(&mut Uart, buffer)?;
        self.has_frame = buffer.first() == Some(&0);
        Ok(read)
    }
}

impl Write for Polled {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        embedded_io::Write::write_all(&mut Uart, bytes)?;
        Ok(bytes.len())
    }
}

/// Answers the requests to one procedure for ever. Its socket has the next port from 1 on.
pub async fn serve<E>(run: impl Fn(Operands) -> Calculation)
where
    E: Endpoint<Request = Operands, Response = Calculation>,
{
    let mut socket = pin!(STACK.endpoints().single_server::<E>(None));
    let mut requests = socket.as_mut().attach();
    loop {
        // There is nobody to tell that an answer found no room.
        let _ = requests.serve(async |&operands| run(operands)).await;
    }
}

/// Runs the stack and these sockets for ever.
pub fn run<const SOCKETS: usize>(mut sockets: [Pin<&mut dyn Future<Output = ()>>; SOCKETS]) -> ! {
    let mut receiver = pin!(async {
        // Bytes come one by one.
        let (mut packet, mut received) = ([0; PACKET + 2], [0; 1]);
        let mut receiver = Receiver::new_target(&STACK, Polled::default(), ());
        receiver.run(&mut packet, &mut received).await
    });
    let mut link = Polled::default();
    let mut sender = pin!(tx_worker(&mut link, OUTGOING.stream_consumer()));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        for socket in &mut sockets {
            let _ = socket.as_mut().poll(&mut context);
        }
        let _ = sender.as_mut().poll(&mut context);
        let _ = receiver.as_mut().poll(&mut context);
    }
}

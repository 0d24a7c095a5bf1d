//! Passes calls on from one link to another: a server whose procedures are those of another device.
//!
//! Near callers see a device like any other. What they call runs on the far device; if the far link fails,
//! they are told whether the call may have run.

use firmware::calculator::CalculatorClient;
use rpc_proto::server::{RawReply, RawServer};
use serial_rpc::connection::Reply;
use serial_rpc::description::Mirror;
use serial_rpc::link::Link;
use serial_rpc::{CallError, Connection};
use serial_rpc_simulator::SimulatedDevice;
use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest near frame, in bytes.
const FRAME: usize = 256;

/// The number of calls that a near caller may send ahead, and of bytes that wait meanwhile.
const WINDOW: usize = 4;
const BUFFER: u16 = 1024;

/// The near end of the bridge: the link that a near caller opens.
struct Bridge {
    far: Connection,
    near: Mutex<(RawServer<Mirror, FRAME, WINDOW>, VecDeque<u8>)>,
}

impl Bridge {
    fn to(far: Connection) -> Result<Arc<Self>, Box<dyn Error>> {
        let server = RawServer::new(Mirror::new(far.description_bytes()?)?).with_buffer(BUFFER);
        let near = Mutex::new((server, VecDeque::new()));
        Ok(Arc::new(Self { far, near }))
    }
}

impl Link for Bridge {
    fn write(&self, bytes: &[u8], _: Duration) -> io::Result<usize> {
        let mut near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        let (server, replies) = &mut *near;
        for &byte in bytes {
            if let Some(call) = server.receive(byte) {
                let (token, index) = (call.token, call.index);
                let arguments = call.arguments.to_vec();
                let answer = match server.interface().target(index) {
                    Some(target) => self.far.call_encoded(target, &arguments),
                    None => Err(CallError::NoSuchProcedure),
                };
                server.answer(
                    token,
                    match &answer {
                        Ok(Reply::Return(value)) => RawReply::Return(value),
                        Ok(Reply::Error(error)) => RawReply::Error(error),
                        Err(error) => RawReply::Fault(error.fault()),
                    },
                );
            }
            // A server that has something to send takes no further call.
            while let sent @ 1.. = server.outgoing().len() {
                replies.extend(server.outgoing());
                server.sent(sent);
            }
        }
        Ok(bytes.len())
    }

    fn read(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        if near.1.is_empty() {
            drop(near);
            // Replies are there when a write has ended, so nothing is to be waited for but other writes.
            thread::sleep(timeout.min(Duration::from_millis(1)));
            near = self.near.lock().unwrap_or_else(PoisonError::into_inner);
        }
        near.1.read(buffer)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let far = Connection::to(SimulatedDevice::new());
    let near = Connection::to(Bridge::to(far.clone())?);

    let mut calculator = CalculatorClient::new(&near);
    println!("2 + 3 = {}, over two links", calculator.add(2, 3)?);
    println!("the total is {}", calculator.accumulate(5)?);
    let refused = calculator.div(1, 0);
    println!("1 / 0: {refused:?}");
    // It is the far device that has counted.
    println!("over there it is {}", CalculatorClient::new(&far).total()?);
    Ok(())
}

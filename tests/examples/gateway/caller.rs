//! The ways of a program to a device: without the gateway, and through it.

use crate::running::Gateway;
use firmware::calculator::CalculatorClient;
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;

/// A program that calls `add(2, 3)`.
pub type Caller = Box<dyn FnMut() + Send>;

/// A way to a device.
pub struct Way {
    /// Its name in the tables.
    pub name: &'static str,
    place: Place,
}

enum Place {
    /// A device in this process, whose connection all threads share.
    Simulated(LazyLock<Connection>),
    /// A port, whose connection all threads share.
    Own(Connection),
    /// A port of the gateway's; each program has a connection of its own.
    Shared(String),
    Http {
        address: String,
        device: String,
    },
}

/// Returns the ways to a device of the gateway, after the direct way to another one.
pub fn ways(device: &str, gateway: &Gateway, direct: Option<String>) -> Vec<Way> {
    let own = match direct {
        Some(path) => Place::Own(Connection::open(&path).expect("the port opens")),
        None => Place::Simulated(LazyLock::new(|| Connection::to(SimulatedDevice::new()))),
    };
    let number: usize = device
        .rsplit_once('-')
        .map_or(0, |(_, number)| number.parse().expect("a number"));
    let socket = gateway.socket(device).display().to_string();
    let way = |name, place| Way { name, place };
    vec![
        way("direct", own),
        way("Unix socket", Place::Shared(format!("unix:{socket}"))),
        way("TCP", Place::Shared(format!("tcp:{}", gateway.tcp[number]))),
        way(
            "HTTP",
            Place::Http {
                address: gateway.address.clone(),
                device: device.to_owned(),
            },
        ),
    ]
}

impl Way {
    /// Returns a program that has called once.
    pub fn connect(&self) -> Caller {
        let mut caller = match &self.place {
            Place::Simulated(connection) => typed(connection),
            Place::Own(connection) => typed(connection),
            Place::Shared(port) => typed(&Connection::open(port).expect("the gateway shares it")),
            Place::Http { address, device } => over_http(address, device),
        };
        caller();
        caller
    }
}

fn typed(connection: &Connection) -> Caller {
    let mut calculator = CalculatorClient::new(connection);
    Box::new(move || assert_eq!(calculator.add(2, 3), Ok(5)))
}

/// Makes requests on a connection that stays open.
fn over_http(address: &str, device: &str) -> Caller {
    const END: &[u8] = b"\r\n\r\n5";
    let mut stream = TcpStream::connect(address).expect("the gateway listens");
    stream.set_nodelay(true).expect("an option of TCP");
    let request = format!(
        "POST /devices/{device}/calculator.add HTTP/1.1\r\nHost: {address}\r\n\
         Content-Type: application/json\r\nContent-Length: 5\r\n\r\n[2,3]"
    );
    Box::new(move || {
        stream.write_all(request.as_bytes()).expect("it is sent");
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        while !answer.ends_with(END) {
            let count = stream.read(&mut buffer).expect("it answers");
            answer.extend_from_slice(&buffer[..count]);
            assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
    })
}

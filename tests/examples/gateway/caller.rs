//! The ways of a program to a device: without the gateway, and through it.

use crate::running::Gateway;
use firmware::calculator::CalculatorClient;
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

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
    /// Returns the way through a program that copies bytes to that socket.
    pub fn copied(socket: String) -> Self {
        Self {
            name: "copied",
            place: Place::Shared(format!("unix:{socket}")),
        }
    }

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

/// Makes requests on a connection that stays open. A request that is one too many is made again.
fn over_http(address: &str, device: &str) -> Caller {
    let mut stream = TcpStream::connect(address).expect("the gateway listens");
    stream.set_nodelay(true).expect("an option of TCP");
    let request = format!(
        "POST /devices/{device}/calculator.add HTTP/1.1\r\nHost: {address}\r\n\
         Content-Type: application/json\r\nContent-Length: 5\r\n\r\n[2,3]"
    );
    Box::new(move || {
        loop {
            stream.write_all(request.as_bytes()).expect("it is sent");
            let answer = answer(&mut stream);
            match answer
                .strip_prefix("HTTP/1.1 ")
                .and_then(|rest| rest.get(..3))
            {
                Some("200") => return assert!(answer.ends_with("\r\n\r\n5"), "{answer}"),
                Some("429") => thread::sleep(Duration::from_millis(1)),
                _ => panic!("{answer}"),
            }
        }
    })
}

/// Reads a whole answer.
fn answer(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    let mut buffer = [0; 1024];
    loop {
        let count = stream.read(&mut buffer).expect("it answers");
        assert!(count > 0, "{answer}");
        answer += std::str::from_utf8(&buffer[..count]).expect("it is text");
        if let Some((head, body)) = answer.split_once("\r\n\r\n")
            && let Some((_, length)) = head.split_once("content-length: ")
            && let Some(length) = length.split("\r\n").next()
            && length.parse() == Ok(body.len())
        {
            return answer;
        }
    }
}

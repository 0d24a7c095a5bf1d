//! The command line of the gateway: its syntax and its help.

use crate::access::{Pattern, pattern};
use crate::device::Place;
use clap::builder::FalseyValueParser;
use clap::{ArgAction, Parser};
use serial_rpc::port::NotAPort;
use serial_rpc::seconds::seconds;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The port of the page and of HTTP, unless the user selects another.
const HTTP_PORT: u16 = 8377;

/// Share the devices on serial ports among programs.
///
/// Many programs use one device at the same time: by the protocol itself, by HTTP and JSON, or on a
/// page in a browser. The address of the page goes to stdout, and the log to stderr.
#[derive(Debug, Parser)]
#[command(name = "serial-rpc-gateway", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{DETAILS}"))]
pub struct Options {
    /// The devices: NAME=PORT, or PORT alone. A port is a path, VID:PID[:SERIAL], id:SERIAL,
    /// tcp:HOST:PORT, unix:PATH or sim. Those that are absent are waited for.
    #[arg(
        value_name = "[NAME=]PORT",
        env = "SERIAL_RPC_PORT",
        hide_env_values = true,
        required = true,
        value_parser = named
    )]
    pub devices: Vec<Named>,

    /// The links to the devices.
    #[command(flatten)]
    pub link: LinkOptions,

    /// The places where programs reach the devices.
    #[command(flatten)]
    pub outward: OutwardOptions,

    /// The limits of what programs may do.
    #[command(flatten)]
    pub safety: SafetyOptions,

    /// The options for who operates the gateway.
    #[command(flatten)]
    pub operation: OperationOptions,
}

/// The options of the links to the devices.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Link")]
pub struct LinkOptions {
    /// The speed of serial ports, in bits a second [default: 115200].
    #[arg(
        long,
        env = "SERIAL_RPC_BAUD",
        hide_env_values = true,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub baud: Option<u32>,

    /// Time limit for a call, in seconds [default: 2, and longer on a slow line].
    #[arg(
        long,
        env = "SERIAL_RPC_TIMEOUT",
        hide_env_values = true,
        value_name = "SECONDS",
        value_parser = seconds
    )]
    pub timeout: Option<Duration>,

    /// Number of times that an unanswered call is made again, if it never ran or its procedure is
    /// idempotent [default: 0].
    #[arg(
        long,
        env = "SERIAL_RPC_RETRIES",
        hide_env_values = true,
        value_name = "COUNT"
    )]
    pub retries: Option<u32>,

    /// Neither read nor write the cache of descriptions.
    #[arg(
        long,
        env = "SERIAL_RPC_NO_CACHE",
        hide_env_values = true,
        value_parser = FalseyValueParser::new()
    )]
    pub no_cache: bool,
}

impl LinkOptions {
    /// Returns the options of a connection.
    pub fn connection(&self) -> serial_rpc::Options {
        let default = self
            .baud
            .map_or_else(serial_rpc::Options::default, serial_rpc::Options::at);
        serial_rpc::Options {
            baud: default.baud,
            timeout: self.timeout.unwrap_or(default.timeout),
            retries: self.retries.unwrap_or(default.retries),
        }
    }
}

/// The places where programs reach the devices.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "For programs")]
pub struct OutwardOptions {
    /// The address of the page and of HTTP, or a port number on this machine; can be repeated. Port 0
    /// selects a free one. Addresses of other than this machine need --token-file
    /// [default: 127.0.0.1:8377 and [::1]:8377].
    #[arg(long, value_name = "[ADDRESS:]PORT", value_parser = listen)]
    pub listen: Vec<Listen>,

    /// The folder of the Unix sockets, of which each device has one, NAME.sock [default: serial-rpc in
    /// $XDG_RUNTIME_DIR].
    #[arg(
        long,
        env = "SERIAL_RPC_SOCKETS",
        hide_env_values = true,
        value_name = "FOLDER"
    )]
    pub sockets: Option<PathBuf>,

    /// A TCP port of this machine for a device, by its name if there are several; can be repeated.
    /// Programs use it as --port tcp:HOST:PORT.
    #[arg(long, value_name = "[NAME=]HOST:PORT", value_parser = shared)]
    pub tcp: Vec<Shared>,
}

impl OutwardOptions {
    /// Returns the addresses of the page and of HTTP. The first of each group must be free; the others
    /// may be of a kind that this machine lacks.
    pub fn listen(&self) -> Vec<Listen> {
        match &self.listen[..] {
            [] => vec![Listen::Here(HTTP_PORT)],
            given => given.to_vec(),
        }
    }
}

/// The limits of what programs may do.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Safety")]
pub struct SafetyOptions {
    /// A file with the token that HTTP requests must carry. Nobody else may be able to read it.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Refuse all that could change a device. Descriptions, events, the log, statistics and the reading of
    /// blocks remain, and the procedures that --allow names.
    #[arg(long)]
    pub read_only: bool,

    /// Refuse all procedures but this one; can be repeated. SERVICE.* names those of a service.
    #[arg(long, value_name = "SERVICE.PROCEDURE", value_parser = pattern)]
    pub allow: Vec<Pattern>,

    /// A name by which HTTP requests reach the gateway, besides its addresses and, on this machine,
    /// localhost; can be repeated. Requests by other names are refused.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
}

/// The options for who operates the gateway.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Operation")]
pub struct OperationOptions {
    /// The least level that is logged.
    #[arg(
        long,
        env = "SERIAL_RPC_LOG",
        hide_env_values = true,
        value_name = "LEVEL",
        default_value = "info"
    )]
    pub log: Level,

    /// Write the log as JSON, an object a line. A failure to start is such an object, too.
    #[arg(long, action = ArgAction::SetTrue)]
    pub log_json: bool,

    /// Time that calls in flight have when the gateway stops, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "10")]
    pub stop_within: Duration,
}

/// A level of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Level {
    /// What went wrong in the gateway.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what comes and goes.
    Info,
    /// And every request.
    Debug,
    /// And all else.
    Trace,
}

const EXAMPLES: &str = "\
Examples:
  serial-rpc-gateway sim                                a device simulated in this program
  serial-rpc-gateway /dev/ttyACM0
  serial-rpc-gateway arm=id:E660583883 lamp=2e8a:000a   two devices, with names of your own
  serial-rpc-gateway --read-only --allow lamp.dim /dev/ttyACM0
  serial-rpc-gateway --listen 0.0.0.0:8377 --token-file token /dev/ttyACM0

Then, while it runs:
  serial-rpc --port /dev/ttyACM0 list                   goes through the gateway
  curl --json '[2, 3]' http://localhost:8377/devices/sim/calculator.add";

const DETAILS: &str = "\
Names:
  A device without a name of yours has that of its port: the serial number of a USB device if the
  port is selected by it, VID-PID if by these, else the last part of the path, or sim. A name has
  letters, digits and - _ . only.

Safety:
  Without --listen, only programs on this machine reach the gateway. Unix sockets are for their
  owner alone. A browser's page of another origin is refused. With --token-file, each request of
  HTTP but /healthz carries `Authorization: Bearer TOKEN`. A token is made with
    (umask 077; openssl rand -hex 32 > token)
  The gateway does not encrypt: on a network that others use, put a proxy with TLS before it.

Stopping:
  Ctrl-C or SIGTERM lets calls in flight end, up to --stop-within, and begins no more. Those that
  have not ended by then fail, and their programs are told if they may have run. A second signal
  ends the gateway at once.

Exit codes:
    0  stopped as requested
    1  internal: this should not happen
    2  usage: the command line is wrong
    3  port: an address or a socket cannot be used
  130  stopped at once";

/// A device on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name, the user's or that of the port.
    pub name: String,
    /// The place.
    pub place: Place,
}

/// Reads `NAME=PORT` or `PORT`.
fn named(text: &str) -> Result<Named, String> {
    let (name, port) = split_name(text);
    let place: Place = port.parse().map_err(|error: NotAPort| error.to_string())?;
    let name = match name {
        Some(name) => name.to_owned(),
        None => place.default_name(),
    };
    Ok(Named { name, place })
}

/// Separates the name from what is behind it. A path may have an equals sign in it.
fn split_name(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((name, rest)) if is_name(name) => (Some(name), rest),
        _ => (None, text),
    }
}

/// Returns true if the text can be a part of a URL and the name of a file.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().all(is_plain) && text.bytes().any(|byte| byte != b'.')
}

/// An address of the page and of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// The loopback addresses of this machine, IPv4 and IPv6.
    Here(u16),
    /// One address.
    At(SocketAddr),
}

impl Listen {
    /// Returns the addresses. The first must be free.
    pub fn addresses(self) -> Vec<SocketAddr> {
        match self {
            Self::Here(port) => vec![
                SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
                SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port),
            ],
            Self::At(address) => vec![address],
        }
    }

    /// Returns true if only programs on this machine reach it.
    pub fn is_here(self) -> bool {
        self.addresses()
            .iter()
            .all(|address| address.ip().is_loopback())
    }
}

/// Reads `ADDRESS:PORT`, `localhost:PORT` or `PORT`.
fn listen(text: &str) -> Result<Listen, String> {
    let port = text.strip_prefix("localhost:").unwrap_or(text);
    if let Ok(port) = port.parse() {
        return Ok(Listen::Here(port));
    }
    text.parse().map(Listen::At).map_err(|_| {
        "expected a port number, or an address and one, such as 127.0.0.1:8377 or [::1]:8377"
            .to_owned()
    })
}

/// A TCP port for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The name of the device, if it is not the only one.
    pub name: Option<String>,
    /// The address, as `HOST:PORT`.
    pub address: SocketAddr,
}

/// Reads `NAME=ADDRESS:PORT` or `ADDRESS:PORT`, of this machine: the protocol knows no token.
fn shared(text: &str) -> Result<Shared, String> {
    let (name, address) = split_name(text);
    let name = name.map(str::to_owned);
    let address = match listen(address)? {
        Listen::Here(port) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        Listen::At(address) if address.ip().is_loopback() => address,
        Listen::At(address) => {
            return Err(format!(
                "{address} is not an address of this machine alone, and this protocol has no token: \
                 use an address such as 127.0.0.1:{}, and a tunnel such as `ssh -L`",
                address.port()
            ));
        }
    };
    Ok(Shared { name, address })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_device_has_the_name_before_the_equals_sign_or_that_of_its_port() {
        for (text, name, port) in [
            ("lamp=/dev/ttyACM0", "lamp", "/dev/ttyACM0"),
            ("lamp=sim", "lamp", "sim"),
            ("sim", "sim", "sim"),
            ("/dev/a=b", "a-b", "/dev/a=b"),
        ] {
            let place = port.parse().unwrap();
            let expected = Named {
                name: name.to_owned(),
                place,
            };
            assert_eq!(named(text), Ok(expected), "{text}");
        }
        assert!(named("lamp=").is_err());
    }

    #[test]
    fn a_name_is_no_way_out_of_a_folder() {
        for text in ["..", ".", "", "a/b", "a b", "ä"] {
            assert!(!is_name(text), "{text}");
        }
    }

    #[test]
    fn an_address_of_this_machine_needs_no_token() {
        for (text, is_here) in [
            ("8000", true),
            ("localhost:8000", true),
            ("127.0.0.1:8000", true),
            ("[::1]:8000", true),
            ("0.0.0.0:8000", false),
            ("[::]:8000", false),
            ("192.168.1.2:8000", false),
        ] {
            assert_eq!(listen(text).map(Listen::is_here), Ok(is_here), "{text}");
        }
        assert!(listen("example.com:80").is_err());
    }

    #[test]
    fn the_protocol_itself_is_offered_on_this_machine_only() {
        let at = |text: &str| Ok(text.parse::<SocketAddr>().unwrap());
        let address = |text: &str| shared(text).map(|shared| shared.address);
        assert_eq!(address("lamp=4000"), at("127.0.0.1:4000"));
        assert_eq!(address("[::1]:4000"), at("[::1]:4000"));
        assert!(address("0.0.0.0:4000").is_err());
    }
}

//! A device that the gateway owns, by the name that programs know it by.
//!
//! A task asks the device now and then if it is there. So its state is known even if no program uses it, a
//! port that was lost is looked for again, and its description is read anew when it has other firmware.

use crate::metrics::Metrics;
use rpc_proto::client::{CallError, Target};
use rpc_proto::device::DevicePing;
use rpc_proto::service;
use serial_rpc::connection::DescriptionError;
use serial_rpc::description::{Description, Mirror};
use serial_rpc::link::PortConnector;
use serial_rpc::port::serial_ports;
use serial_rpc::{Connection, Options, Port, Selector};
use serial_rpc_simulator::SimulatedDevice;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

/// The time between two questions to a device that is there, and between two looks for one that is not.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The time after which a device that has not answered is no longer known to be there.
const SILENCE: Duration = Duration::from_secs(2);

/// The time in which a lost port is opened if it is back.
const REOPENED: Duration = Duration::from_millis(250);

/// A device that programs share.
#[derive(Debug)]
pub struct Device {
    name: String,
    connection: Connection,
    metrics: Metrics,
    status: watch::Sender<Status>,
    /// Asks for a look at the device at once.
    look: Arc<Notify>,
}

/// What is known of a device now.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The port, or how it is selected while it is nowhere.
    pub port: String,
    /// The presence of the device.
    pub presence: Presence,
    /// The interface, once the device has described it; it stays known while the device is away.
    pub interface: Option<Arc<Interface>>,
    /// The number of the session with the device, counted from 1: it grows when the device was reset or its
    /// link was lost, and events in between may be missing.
    pub session: u32,
    /// The reason why the device could not be asked for its interface, in words.
    pub problem: Option<String>,
}

/// The presence of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// It answers.
    Present,
    /// Its port is not there, or another program has it.
    Absent,
    /// Its port is open, but it does not answer, or has yet to.
    #[default]
    Unknown,
}

/// The interface of a device.
#[derive(Debug)]
pub struct Interface {
    /// The checksum of the description, which tells firmware apart.
    pub fingerprint: u32,
    /// The procedures and events.
    pub description: Arc<Description>,
    /// The same for a server that passes calls on.
    pub mirror: Mirror,
    /// The longest frame that the device accepts.
    pub max_frame: u16,
}

impl Device {
    /// Opens the device at that place, which may be empty as yet. This needs a Tokio runtime.
    pub fn open(name: String, place: &Place, options: Options) -> Arc<Self> {
        let connection = match place {
            Place::Simulated => Connection::awaiting(SimulatedDevice::new(), options),
            Place::On(selector) => Connection::awaiting(
                PortConnector::awaiting(selector.clone(), options.baud).directly(),
                options,
            ),
        };
        Self::over(name, connection)
    }

    /// Makes a device of any connection, such as to a simulated device of the user's own. This needs a
    /// Tokio runtime.
    pub fn over(name: String, connection: Connection) -> Arc<Self> {
        let status = Status {
            port: connection.name(),
            ..Status::default()
        };
        let device = Arc::new(Self {
            name,
            connection,
            metrics: Metrics::default(),
            status: watch::Sender::new(status),
            look: Arc::default(),
        });
        tokio::spawn(watch_over(Arc::downgrade(&device)));
        device
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the counters of programs' calls.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns a connection for another program. Programs take turns, and the time limit of one ends no call
    /// of another.
    pub fn connection(&self) -> Connection {
        self.connection.for_another()
    }

    /// Returns what is known now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Returns the interface, once it is known.
    pub fn interface(&self) -> Option<Arc<Interface>> {
        self.status.borrow().interface.clone()
    }

    /// Returns a receiver that sees every change of the status.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Has somebody look at the device at once, because a call has failed.
    pub fn look(&self) {
        self.look.notify_one();
    }

    /// Asks the device for a sign of life.
    async fn ask(&self) -> Result<(), CallError> {
        // No bytes: their number, as a list has it.
        let reply = self
            .connection
            .call_encoded_async(Target::of::<DevicePing>(), &[0])
            .await;
        match reply {
            // A device without its own service has answered all the same.
            Ok(_) | Err(CallError::NoSuchProcedure) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Notes that the device has answered, and reads its description if it is not the one that is known.
    async fn note_answer(&self) {
        let Some(accept) = self.connection.device() else {
            return;
        };
        let known = self.interface();
        let is_known = known.is_some_and(|known| known.fingerprint == accept.fingerprint);
        let read = match is_known {
            true => Ok(None),
            false => self.read_interface().await.map(Some),
        };
        let session = self.connection.counters().sessions;
        self.note(|status| {
            status.presence = Presence::Present;
            status.session = session;
            match read {
                Ok(None) => {}
                Ok(interface) => (status.interface, status.problem) = (interface, None),
                Err(error) => {
                    (status.interface, status.problem) = (None, Some(error.to_string()));
                }
            }
        });
    }

    /// Reads the interface from the device, in the time that a call has.
    pub(crate) async fn read_interface(&self) -> Result<Arc<Interface>, DescriptionError> {
        let description = self.connection.description_async().await?;
        let mirror = self.connection.mirror_async().await?;
        let accept = self.connection.device();
        Ok(Arc::new(Interface {
            fingerprint: service::Interface::fingerprint(&mirror),
            description,
            mirror,
            max_frame: accept.map_or(0, |accept| accept.max_frame),
        }))
    }

    /// Notes that the device does not answer.
    fn note_silence(&self) {
        let presence = match self.connection.is_open() {
            true => Presence::Unknown,
            false => Presence::Absent,
        };
        self.note(|status| status.presence = presence);
    }

    /// Changes the status, and tells those who watch if that changes anything.
    fn note(&self, change: impl FnOnce(&mut Status)) {
        let port = self.connection.name();
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            status.port = port;
            !status.is_same(&before)
        });
    }
}

impl Status {
    fn is_same(&self, other: &Self) -> bool {
        let fingerprint = |status: &Self| status.interface.as_ref().map(|known| known.fingerprint);
        self.port == other.port
            && self.presence == other.presence
            && self.session == other.session
            && self.problem == other.problem
            && fingerprint(self) == fingerprint(other)
    }
}

/// Keeps the status of a device up to date until nobody else has the device.
async fn watch_over(device: Weak<Device>) {
    while let Some(device) = device.upgrade() {
        look_at(&device).await;
        let look = Arc::clone(&device.look);
        drop(device);
        // If nobody asks for a look before, it is time for one.
        let _ = timeout(ASK_EVERY, look.notified()).await;
    }
}

/// Looks once. A question that is not answered is not followed by others, which would fill the window.
async fn look_at(device: &Device) {
    let asked = device.ask();
    tokio::pin!(asked);
    loop {
        let patience = match device.connection.is_open() {
            true => SILENCE,
            false => REOPENED,
        };
        match timeout(patience, &mut asked).await {
            Ok(Ok(())) => return device.note_answer().await,
            Ok(Err(_)) => return device.note_silence(),
            Err(_) => device.note_silence(),
        }
        if !device.connection.is_open() {
            return;
        }
    }
}

/// The place where a device is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Simulated in this program.
    Simulated,
    /// On the port that this selects.
    On(Selector),
}

impl Place {
    /// Returns a name for the device at that place: its serial number, or the path or address made into a
    /// name.
    pub fn default_name(&self) -> String {
        let Self::On(selector) = self else {
            return "sim".to_owned();
        };
        let number = match selector {
            Selector::SerialNumber(number) => Some(number.clone()),
            Selector::Usb { serial_number, .. } => serial_number.clone(),
            Selector::Port(Port::Serial(path)) => serial_number_at(path),
            Selector::Port(_) | Selector::Only => None,
        };
        number.map_or_else(|| name_of(&selector.to_string()), |number| name_of(&number))
    }
}

/// Returns the serial number of the USB device on the port with that path.
fn serial_number_at(path: &str) -> Option<String> {
    let real = std::fs::canonicalize(path).ok()?;
    let found = serial_ports()
        .into_iter()
        .find(|port| std::path::Path::new(&port.path) == real)?;
    found.usb?.serial_number
}

/// Makes a name of a path or address: letters, digits, dots, hyphens and underscores, which need no quotes
/// in a shell, a URL or a file's name.
fn name_of(text: &str) -> String {
    let text = text.strip_prefix("/dev/").unwrap_or(text);
    let parts =
        text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)));
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    match parts.join("-").trim_start_matches(['.', '-']) {
        "" => "device".to_owned(),
        name => name.to_owned(),
    }
}

impl FromStr for Place {
    type Err = serial_rpc::port::NotAPort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sim" => Ok(Self::Simulated),
            port => port.parse().map(Self::On),
        }
    }
}

impl fmt::Display for Presence {
    /// Writes `present`, `absent` or `unknown`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Present => "present",
            Self::Absent => "absent",
            Self::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_makes_a_name_that_needs_no_quotes() {
        for (place, name) in [
            ("sim", "sim"),
            ("/dev/ttyACM0", "ttyACM0"),
            (
                "/dev/serial/by-path/pci-0000:00",
                "serial-by-path-pci-0000-00",
            ),
            ("2e8a:000a", "2e8a-000a"),
            ("2e8a:000a:E66 1", "E66-1"),
            ("id:E661", "E661"),
            ("tcp:[::1]:4000", "tcp-1-4000"),
            ("tcp:board.local:4000", "tcp-board.local-4000"),
            ("id:../..", "device"),
        ] {
            let place: Place = place.parse().unwrap();
            assert_eq!(place.default_name(), name);
        }
    }
}

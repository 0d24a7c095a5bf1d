//! Errors of opening a port, with hints.

use super::{AvailablePort, Holder, NotAPort, Selector};
use std::io;

/// An error of opening a port.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such port.
    #[error("there is no port {port}")]
    NotFound {
        /// The requested port.
        port: String,
        /// The available ports.
        others: Vec<AvailablePort>,
    },
    /// More than one port matches the selector.
    #[error("{}", several(.selector))]
    Ambiguous {
        /// The selector.
        selector: Selector,
        /// The ports that match.
        candidates: Vec<AvailablePort>,
    },
    /// The text does not name a port.
    #[error(transparent)]
    NotAPort(#[from] NotAPort),
    /// Another program uses the port.
    #[error("{port} is in use by {}", .holder.as_ref().map_or("another program".into(), Holder::to_string))]
    Busy {
        /// The requested port.
        port: String,
        /// The process that has it open, if the system says.
        holder: Option<Holder>,
    },
    /// The user may not open the port.
    #[error("you are not permitted to open {port}")]
    NotPermitted {
        /// The requested port.
        port: String,
    },
    /// Nothing listens at a TCP address, or it does not answer.
    #[error("cannot connect to {port}: {reason}")]
    Unreachable {
        /// The requested port.
        port: String,
        /// The system's error.
        reason: io::Error,
    },
    /// It is a file or a device, but not a serial port.
    #[error("{port} is not a serial port")]
    NotSerial {
        /// The requested port.
        port: String,
    },
    /// Another error.
    #[error("cannot open {port}: {reason}")]
    Other {
        /// The requested port.
        port: String,
        /// The system's message.
        reason: String,
    },
}

fn several(selector: &Selector) -> String {
    match selector {
        Selector::Only => {
            "there are several serial ports of USB devices, and none was chosen".to_owned()
        }
        selector => format!("several ports match {selector}"),
    }
}

impl OpenError {
    /// Returns a hint for the user.
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { others, .. } if others.is_empty() => {
                "no serial port was found at all: is the device plugged in?".to_owned()
            }
            Self::NotFound { others, .. } => {
                let others = listed(others);
                format!("the ports that were found are {others}: choose one by its name")
            }
            Self::Ambiguous { candidates, .. } => format!("choose one of {}", listed(candidates)),
            Self::NotAPort(_) => {
                "write a path, VID:PID, id:SERIAL, tcp:HOST:PORT or unix:PATH".to_owned()
            }
            Self::Busy {
                holder: Some(Holder { program, .. }),
                ..
            } => format!("close {program} and try again"),
            Self::Busy { holder: None, .. } => {
                "close the terminal or the other program that has it open, and try again".to_owned()
            }
            Self::NotPermitted { port } if cfg!(target_os = "linux") => {
                match owning_group(port).as_deref() {
                    Some("root") => "only root may: a udev rule can give the port to a group, \
                                     such as dialout"
                        .to_owned(),
                    group => format!(
                        "add yourself to the group that may: `sudo usermod -aG {} $USER`, then \
                         log out and in again",
                        group.unwrap_or("dialout")
                    ),
                }
            }
            Self::NotPermitted { .. } => "check who owns the port".to_owned(),
            Self::Unreachable { .. } => {
                "check the address, and that the program that offers the port is running".to_owned()
            }
            Self::NotSerial { .. } => {
                "serial ports are those that `serial-rpc ports` lists".to_owned()
            }
            Self::Other { .. } => "unplug the device, plug it in again and retry".to_owned(),
        }
    }
}

fn listed(ports: &[AvailablePort]) -> String {
    let ports: Vec<String> = ports.iter().map(AvailablePort::to_string).collect();
    ports.join(", ")
}

#[cfg(unix)]
fn owning_group(port: &str) -> Option<String> {
    use std::os::unix::fs::MetadataExt;

    let id = std::fs::metadata(port).ok()?.gid().to_string();
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    // name:password:id:members
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn owning_group(_: &str) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_blamed_on_the_process_that_has_it() {
        let busy = |holder| OpenError::Busy {
            port: "/dev/ttyACM0".into(),
            holder,
        };
        let error = busy(Some(Holder {
            process: 1234,
            program: "screen".into(),
        }));
        assert_eq!(
            error.to_string(),
            "/dev/ttyACM0 is in use by screen (process 1234)"
        );
        assert_eq!(error.hint(), "close screen and try again");
        let error = busy(None);
        assert_eq!(
            error.to_string(),
            "/dev/ttyACM0 is in use by another program"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_that_may_not_be_opened_names_the_group_to_be_in() {
        let error = |port: &str| OpenError::NotPermitted { port: port.into() };
        assert_eq!(
            error("/dev/ttyUSB0").to_string(),
            "you are not permitted to open /dev/ttyUSB0"
        );
        assert_eq!(
            error("/dev/no-such-port").hint(),
            "add yourself to the group that may: `sudo usermod -aG dialout $USER`, then log out \
             and in again"
        );
        assert_eq!(owning_group("/dev/null").as_deref(), Some("root"));
        assert!(error("/dev/null").hint().starts_with("only root may"));
    }
}

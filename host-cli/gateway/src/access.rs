//! What programs may do with the devices, and the token that proves that they may do anything.

use rpc_proto::service::Member;
use rpc_proto::services::blocks::{BlocksChecksum, BlocksFind, BlocksList, BlocksRead};
use serial_rpc::description::Procedure;
use serial_rpc::failure::{Class, Failure};
use std::fmt;
use std::fs;
use std::path::Path;
use subtle::ConstantTimeEq;

/// The fewest characters of a token: nobody guesses 16 of them.
const SHORTEST_TOKEN: usize = 16;

/// The limits of what programs may do.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Nothing may change a device, but for the procedures that are allowed.
    pub read_only: bool,
    /// The procedures that may be called; all if this is empty.
    pub allowed: Vec<Pattern>,
    /// The token of HTTP requests, if they need one.
    pub token: Option<Token>,
    /// The names by which the gateway is reached, besides its addresses and those of this machine.
    pub hosts: Vec<String>,
}

impl Access {
    /// Returns true if the procedure may be called, `service.procedure`.
    pub fn permits(&self, procedure: &str) -> bool {
        let is_open = self.allowed.is_empty() && !self.read_only;
        is_open || self.allowed.iter().any(|pattern| pattern.is_for(procedure))
    }

    /// Returns true if a program may make that call: one that is [permitted](Self::permits), or that only
    /// reads blocks.
    pub fn permits_call(&self, procedure: &Procedure) -> bool {
        const READING: [u32; 4] = [
            BlocksList::KEY,
            BlocksFind::KEY,
            BlocksRead::KEY,
            BlocksChecksum::KEY,
        ];
        self.permits(&procedure.path) || READING.contains(&procedure.key)
    }

    /// Returns true if blocks may be written, and all else that changes a device without a procedure
    /// of its interface.
    pub fn permits_changes(&self) -> bool {
        self.allowed.is_empty() && !self.read_only
    }
}

/// A procedure, or all of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    service: String,
    procedure: Option<String>,
}

impl Pattern {
    /// Returns true if that procedure is meant, `service.procedure`.
    fn is_for(&self, path: &str) -> bool {
        path.split_once('.').is_some_and(|(service, procedure)| {
            let name = self.procedure.as_deref();
            service == self.service && name.is_none_or(|name| name == procedure)
        })
    }
}

/// Reads `service.procedure` or `service.*`.
pub(crate) fn pattern(text: &str) -> Result<Pattern, String> {
    match text.split_once('.') {
        Some((service, procedure)) if !service.is_empty() && !procedure.is_empty() => Ok(Pattern {
            service: service.to_owned(),
            procedure: (procedure != "*").then(|| procedure.to_owned()),
        }),
        _ => Err("expected SERVICE.PROCEDURE, such as lamp.dim, or SERVICE.*".to_owned()),
    }
}

/// A secret that HTTP requests carry. It is never shown.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Reads it from a file that nobody else can read.
    ///
    /// # Errors
    /// Fails if the file cannot be read, others can read it, or it holds no token.
    pub fn read(file: &Path) -> Result<Self, Failure> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| {
            Failure::new(
                Class::Usage,
                format!("cannot read the token in {shown}: {error}"),
            )
            .hint(format!(
                "make one with `(umask 077; openssl rand -hex 32 > {shown})`"
            ))
        })?;
        check_owner_only(file)?;
        let token = text.trim();
        if token.len() < SHORTEST_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::new(Class::Usage, format!(
                "the token in {shown} is not one line of {SHORTEST_TOKEN} or more characters of ASCII \
                 without spaces"
            ))
            .hint(format!("make one with `(umask 077; openssl rand -hex 32 > {shown})`")));
        }
        Ok(Self(token.to_owned()))
    }

    /// Returns true if the text is the token. The time that it takes tells nothing about it.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// Fails if others than the owner can read or write the file.
#[cfg(unix)]
fn check_owner_only(file: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let shown = file.display();
    let mode = fs::metadata(file)
        .map_err(|error| Failure::new(Class::Usage, format!("cannot look at {shown}: {error}")))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(Failure::new(
            Class::Usage,
            format!(
                "others can read or write the token in {shown}: its mode is {:o}",
                mode & 0o7777
            ),
        )
        .hint(format!(
            "make a new token after `chmod 600 {shown}`, since others may know this one"
        )));
    }
    Ok(())
}

/// Does nothing where files have no mode: the folder's rights decide.
#[cfg(not(unix))]
fn check_owner_only(_: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(read_only: bool, allowed: &[&str]) -> Access {
        Access {
            read_only,
            allowed: allowed.iter().map(|text| pattern(text).unwrap()).collect(),
            ..Access::default()
        }
    }

    #[test]
    fn without_limits_everything_is_permitted() {
        let access = access(false, &[]);
        assert!(access.permits("lamp.dim") && access.permits_changes());
    }

    #[test]
    fn what_is_allowed_is_all_that_is_permitted() {
        for read_only in [false, true] {
            let access = access(read_only, &["lamp.dim", "clock.*"]);
            assert!(access.permits("lamp.dim"));
            assert!(access.permits("clock.set"));
            assert!(!access.permits("lamp.dimmer"));
            assert!(!access.permits("lamp"));
            assert!(!access.permits_changes());
        }
    }

    #[test]
    fn read_only_permits_no_procedure() {
        let access = access(true, &[]);
        assert!(!access.permits("lamp.dim") && !access.permits_changes());
    }

    #[test]
    fn a_pattern_names_a_service_and_a_procedure() {
        for text in ["lamp", "lamp.", ".dim", ""] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_token_is_read_from_a_file_of_its_owner_and_never_shown() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let read = |text: &str, mode| {
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            Token::read(&file)
        };
        let secret = "0123456789abcdef";
        let token = read(&format!("{secret}\n"), 0o600).unwrap();
        assert!(token.is(secret));
        for other in ["", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(!token.is(other), "{other}");
        }
        assert!(!format!("{token:?}").contains("0123"));
        for (text, mode) in [
            (secret, 0o640),
            (secret, 0o604),
            (secret, 0o622),
            ("short", 0o600),
            ("0123456789 abcdef", 0o600),
            ("", 0o600),
        ] {
            assert!(read(text, mode).is_err(), "{text:?} {mode:o}");
        }
    }
}

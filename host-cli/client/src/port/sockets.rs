//! Finds the gateway that has a port: its Unix sockets are in a folder of the user, with a link for each port.
//!
//! A gateway that was killed leaves files there. They do no harm: nobody answers at them, and the port is opened
//! as if they were not there.

use super::path_of;
use nix::unistd::geteuid;
use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Returns the folder where gateways of this user have their sockets: `$SERIAL_RPC_SOCKETS`, `serial-rpc` in
/// `$XDG_RUNTIME_DIR`, or else one in the folder for temporary files.
pub fn folder() -> PathBuf {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("SERIAL_RPC_SOCKETS").unwrap_or_else(|| match absolute("XDG_RUNTIME_DIR") {
        Some(runtime) => runtime.join("serial-rpc"),
        None => env::temp_dir().join(format!("serial-rpc-{}", geteuid())),
    })
}

/// Creates that folder, or the [usual one](folder), for a gateway, and returns it. Nobody else can use it.
///
/// # Errors
/// Fails if it cannot be created, is another user's, or others can write to it.
pub fn create_folder(chosen: Option<&Path>) -> io::Result<PathBuf> {
    let folder = chosen.map_or_else(folder, Path::to_owned);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    match is_safe(&folder) {
        true => Ok(folder),
        false => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!(
                "{} is not yours alone: others can write to it",
                folder.display()
            ),
        )),
    }
}

/// Returns true if nobody else has put anything into a folder.
fn is_safe(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0
    })
}

/// Returns the name of the link to the socket of the gateway that has that serial port. None for another kind
/// of port.
pub fn entry_of(port: &str) -> Option<String> {
    let path = path_of(port);
    let path = path.to_str().filter(|path| path.starts_with('/'))?;
    Some(format!(
        "port{}",
        path.replace('%', "%25").replace('/', "%")
    ))
}

/// Returns the path of the socket of the gateway that has that serial port, if there seems to be one.
pub(crate) fn socket_for(port: &str) -> Option<PathBuf> {
    let folder = folder();
    let socket = folder.join(entry_of(port)?);
    (is_safe(&folder) && socket.exists()).then_some(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_port_has_one_name_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (port, link) = (folder.path().join("tty%0"), folder.path().join("by-id"));
        fs::write(&port, "").unwrap();
        symlink(&port, &link).unwrap();
        let entry = |path: &Path| entry_of(path.to_str().unwrap());
        assert_eq!(entry(&link), entry(&port));
        assert!(entry(&port).unwrap().ends_with("%tty%250"));
        assert_eq!(entry_of("COM3"), None);
    }

    #[test]
    fn a_folder_to_which_others_can_write_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let sockets = folder.path().join("a/b");
        assert_eq!(create_folder(Some(&sockets)).unwrap(), sockets);
        let mode = fs::metadata(&sockets).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
        for mode in [0o770, 0o702] {
            fs::set_permissions(&sockets, Permissions::from_mode(mode)).unwrap();
            assert!(create_folder(Some(&sockets)).is_err(), "{mode:o}");
        }
        let link = folder.path().join("link");
        fs::set_permissions(&sockets, Permissions::from_mode(0o700)).unwrap();
        symlink(&sockets, &link).unwrap();
        assert!(!is_safe(&link), "somebody else may change where it leads");
    }
}

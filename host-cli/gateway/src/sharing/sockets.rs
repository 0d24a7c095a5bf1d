//! The Unix sockets of the devices, in a folder where programs of the same user find them: NAME.sock for a device,
//! and a link to it by the name of the port that it is on now.

use crate::device::Device;
use crate::stop::Stop;
use serial_rpc::port::sockets::{self, entry_of};
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tracing::debug;

/// The rights of a socket: its owner's alone.
const OWNER_ONLY: u32 = 0o600;

/// The folder of the sockets.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// The socket of a device, which is removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    folder: PathBuf,
    path: PathBuf,
    listener: UnixListener,
    /// The link by the name of the port.
    link: Option<PathBuf>,
}

impl Folder {
    /// Opens that folder, or the one where programs look, and creates it if need be.
    ///
    /// # Errors
    /// Fails if it cannot be created, or others can write to it.
    pub fn open(chosen: Option<&Path>) -> io::Result<Self> {
        sockets::create_folder(chosen).map(Self)
    }

    /// Creates the socket of the device with that name.
    ///
    /// # Errors
    /// Fails if another gateway has it, or the system refuses.
    pub fn bind(&self, name: &str) -> io::Result<Socket> {
        let path = self.0.join(format!("{name}.sock"));
        if UnixStream::connect(&path).is_ok() {
            let text = format!("{} is another gateway's", path.display());
            return Err(io::Error::new(io::ErrorKind::AddrInUse, text));
        }
        // What a gateway that was killed has left.
        remove(&path);
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(OWNER_ONLY))?;
        listener.set_nonblocking(true)?;
        Ok(Socket {
            folder: self.0.clone(),
            path,
            listener,
            link: None,
        })
    }
}

impl Socket {
    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what accepts programs.
    ///
    /// # Errors
    /// Fails if the system has no room for it.
    pub fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }

    /// Lets programs find the socket by that port, and no longer by the one before.
    pub fn found_by(&mut self, port: &str) {
        let link = entry_of(port).map(|entry| self.folder.join(entry));
        if link == self.link {
            return;
        }
        self.unlink();
        if let Some(link) = link {
            remove(&link);
            match symlink(&self.path, &link) {
                Ok(()) => self.link = Some(link),
                // Programs still find it by its name.
                Err(error) => debug!(%error, port, "the port is not linked to its socket"),
            }
        }
    }

    fn unlink(&mut self) {
        if let Some(link) = self.link.take()
            && fs::read_link(&link).is_ok_and(|socket| socket == self.path)
        {
            remove(&link);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.unlink();
        remove(&self.path);
    }
}

/// Removes a file, if it is there.
fn remove(path: &Path) {
    // What cannot be removed is reported by what is done next.
    let _ = fs::remove_file(path);
}

/// Lets programs find a socket by the port of its device, wherever that is, until the gateway stops.
pub(super) async fn follow(mut socket: Socket, device: Arc<Device>, stop: Stop) {
    let mut status = device.watch();
    loop {
        let port = status.borrow_and_update().port.clone();
        socket.found_by(&port);
        tokio::select! {
            changed = status.changed() => if changed.is_err() {
                return;
            },
            () = stop.requested() => return,
        }
    }
}

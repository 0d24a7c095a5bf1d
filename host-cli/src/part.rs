//! A file that is written in part: it takes the place of the one that was asked for when it is whole.
//!
//! Until then the old file stays as it was, whatever happens: a full disk, a lost device, Ctrl-C.

use rpc_proto::wire::crc::Crc32;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::{env, process};

/// The part that is there, beside the file whose place it takes. It is removed if it does not.
pub struct Part {
    path: PathBuf,
    file: File,
    place: Place,
    /// The number of bytes so far.
    pub length: u64,
    /// Their CRC-32.
    pub crc: Crc32,
}

/// The place where the whole goes.
enum Place {
    /// A file of the disk.
    File(PathBuf),
    /// A device or a pipe: it cannot be replaced, and what it was given cannot be taken back.
    Special(PathBuf),
    Stdout,
}

impl Part {
    /// Begins to write a file; `-` is stdout.
    pub fn of(name: &str) -> io::Result<Self> {
        let place = Place::of(name)?;
        let (folder, base) = match &place {
            Place::File(path) => (
                path.parent().map(Path::to_owned).unwrap_or_default(),
                path.file_name().unwrap_or_default().to_string_lossy(),
            ),
            Place::Special(_) | Place::Stdout => (env::temp_dir(), "serial-rpc".into()),
        };
        let path = folder.join(format!(".{base}.{}.part", process::id()));
        let mut options = File::options();
        let file = options
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)?;
        let part = Self {
            path,
            file,
            place,
            length: 0,
            crc: Crc32::new(),
        };
        if let Place::File(old) = &part.place
            && let Ok(old) = fs::metadata(old)
        {
            part.file.set_permissions(old.permissions())?;
        }
        Ok(part)
    }

    /// Adds the bytes at an offset: behind those before, or at the beginning, where all begins anew.
    pub fn add(&mut self, offset: u32, bytes: &[u8]) -> io::Result<()> {
        if offset == 0 {
            self.file.rewind()?;
            self.file.set_len(0)?;
            (self.length, self.crc) = (0, Crc32::new());
        }
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        self.crc = self.crc.then(bytes);
        Ok(())
    }

    /// Puts the whole in its place. Returns the bytes instead if that is stdout.
    pub fn end(mut self) -> io::Result<Option<File>> {
        // A disk may turn out to be full only now.
        self.file.sync_all()?;
        match &self.place {
            Place::File(path) => fs::rename(&self.path, path)?,
            Place::Special(path) => {
                self.file.rewind()?;
                io::copy(&mut self.file, &mut File::options().write(true).open(path)?)?;
            }
            Place::Stdout => {
                self.file.rewind()?;
                return self.file.try_clone().map(Some);
            }
        }
        Ok(None)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone if it has taken its place.
        let _ = fs::remove_file(&self.path);
    }
}

impl Place {
    fn of(name: &str) -> io::Result<Self> {
        if name == "-" {
            return Ok(Self::Stdout);
        }
        let path = PathBuf::from(name);
        match fs::metadata(&path) {
            Ok(old) if old.is_file() || old.is_dir() => {
                // One that may not be written may not be replaced.
                File::options().write(true).open(&path)?;
                // Of a symbolic link, what it names is replaced.
                path.canonicalize().map(Self::File)
            }
            Ok(_) => Ok(Self::Special(path)),
            Err(_) => Ok(Self::File(path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// Returns a folder with a file, and the file's path.
    fn with_file() -> (TempDir, PathBuf, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.txt");
        fs::write(&file, "old").unwrap();
        let name = file.to_str().unwrap().to_owned();
        (folder, file, name)
    }

    fn files(folder: &TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let (folder, file, name) = with_file();
        let mut part = Part::of(&name).unwrap();
        part.add(0, b"changed meanwhile").unwrap();
        part.add(0, b"ne").unwrap();
        part.add(2, b"w").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!((part.length, part.crc), (3, Crc32::of(b"new")));
        assert!(part.end().unwrap().is_none());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(files(&folder), 1);
    }

    #[test]
    fn a_part_that_stays_one_leaves_nothing() {
        let (folder, file, name) = with_file();
        let mut part = Part::of(&name).unwrap();
        part.add(0, b"half").unwrap();
        drop(part);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(files(&folder), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (folder, file, _) = with_file();
        fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        let mut part = Part::of(link.to_str().unwrap()).unwrap();
        part.add(0, b"new").unwrap();
        part.end().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }
}

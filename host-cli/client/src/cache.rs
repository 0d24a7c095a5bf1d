//! Keeps the descriptions of known devices as files. A description then crosses the link only once
//! for each interface, and a device's interface can be looked up while it is unplugged.
//!
//! A file is named after the fingerprint of the description in it, which is a checksum: a damaged
//! file is recognised, and counts as missing.

use crate::description::Description;
use etcetera::BaseStrategy;
use rpc_proto::wire::crc::Crc32;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The extension of the files' names.
const EXTENSION: &str = "description";

/// The most descriptions that are kept, for example those of the last versions of one firmware.
const MOST: usize = 100;

/// A folder with descriptions.
///
/// If the folder or its files are damaged or missing, the cache is at worst empty: a description
/// that cannot be kept is read from the device again.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// A description in the cache.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The description's checksum, which the device sends to identify it.
    pub fingerprint: u32,
    /// The description.
    pub description: Description,
    /// The description's bytes, as the device sent them.
    pub bytes: Vec<u8>,
}

impl Cache {
    /// Creates a cache in a folder, which need not exist yet.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Returns the user's cache: `serial-rpc` in `$XDG_CACHE_HOME`, in `~/.cache`, or in the cache
    /// folder of Windows. None if the user has no home.
    pub fn of_user() -> Option<Self> {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(Self::in_folder(base.cache_dir().join("serial-rpc")))
    }

    /// Returns the description with that fingerprint, and marks it as used now.
    ///
    /// ```
    /// use rpc_proto::wire::crc::Crc32;
    /// use serial_rpc::cache::Cache;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let cache = Cache::in_folder(folder.path());
    /// let description = b"\x04demo\x051.0.0\x00";
    /// let fingerprint = Crc32::of(description).value();
    /// assert!(cache.get(fingerprint).is_none());
    ///
    /// cache.put(description)?;
    /// assert_eq!(cache.get(fingerprint).unwrap().description.name, "demo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get(&self, fingerprint: u32) -> Option<Cached> {
        let path = self.path(fingerprint);
        let cached = read(&path, fingerprint)?;
        // If it cannot be marked, it merely looks older than it is.
        if let Ok(file) = File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(cached)
    }

    /// Keeps a description in the form that a device sends. If there are a hundred, the least
    /// recently used one is deleted.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn put(&self, description: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let path = self.path(Crc32::of(description).value());
        // Written to another file and renamed, so that nobody reads half of it.
        let unfinished = path.with_extension(format!("{}.unfinished", std::process::id()));
        File::create(&unfinished)?.write_all(description)?;
        fs::rename(unfinished, path)?;
        for least_used in self.all().into_iter().skip(MOST) {
            fs::remove_file(self.path(least_used.fingerprint))?;
        }
        Ok(())
    }

    /// Returns every description, the most recently used first.
    pub fn all(&self) -> Vec<Cached> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Vec::new();
        };
        let mut found: Vec<(SystemTime, Cached)> = entries
            .flatten()
            .filter_map(|entry| {
                let used = entry.metadata().ok()?.modified().ok()?;
                let path = entry.path();
                let name = path.file_stem()?.to_str()?;
                let fingerprint = u32::from_str_radix(name, 16).ok()?;
                let is_ours = path == self.path(fingerprint);
                Some((used, read(&path, fingerprint).filter(|_| is_ours)?))
            })
            .collect();
        found.sort_by_key(|(used, cached)| (std::cmp::Reverse(*used), cached.fingerprint));
        found.into_iter().map(|(_, cached)| cached).collect()
    }

    fn path(&self, fingerprint: u32) -> PathBuf {
        self.folder.join(format!("{fingerprint:08x}.{EXTENSION}"))
    }
}

fn read(path: &Path, fingerprint: u32) -> Option<Cached> {
    let bytes = fs::read(path).ok()?;
    if Crc32::of(&bytes).value() != fingerprint {
        return None;
    }
    Some(Cached {
        fingerprint,
        description: Description::read(&bytes).ok()?,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const DEMO: &[u8] = b"\x04demo\x051.0.0\x00";
    const LAMP: &[u8] = b"\x04lamp\x051.0.0\x00";

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::in_folder(folder.path().join("not/there/yet"));
        (folder, cache)
    }

    fn names(cache: &Cache) -> Vec<String> {
        let cached = cache.all().into_iter();
        cached.map(|cached| cached.description.name).collect()
    }

    #[test]
    fn the_description_used_last_comes_first() {
        let (_folder, cache) = cache();
        assert_eq!(names(&cache), [""; 0]);
        cache.put(DEMO).unwrap();
        cache.put(LAMP).unwrap();
        let demo = Crc32::of(DEMO).value();
        let earlier = SystemTime::now() - Duration::from_secs(60);
        for cached in cache.all() {
            let file = File::options()
                .append(true)
                .open(cache.path(cached.fingerprint));
            file.unwrap().set_modified(earlier).unwrap();
        }
        assert!(cache.get(demo).is_some());
        assert_eq!(names(&cache), ["demo", "lamp"]);
    }

    #[test]
    fn with_a_hundred_the_one_used_longest_ago_makes_room() {
        let (_folder, cache) = cache();
        for number in 0..=MOST {
            let description = format!("\x04demo\x03{number:03}\x00");
            cache.put(description.as_bytes()).unwrap();
            let path = cache.path(Crc32::of(description.as_bytes()).value());
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(number as u64);
            if let Ok(file) = File::options().append(true).open(path) {
                file.set_modified(used).unwrap();
            }
        }
        let kept = cache.all();
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[0].description.version, "100");
        assert_eq!(kept[MOST - 1].description.version, "001");
    }

    #[test]
    fn a_damaged_file_counts_as_missing() {
        let (_folder, cache) = cache();
        cache.put(DEMO).unwrap();
        let demo = Crc32::of(DEMO).value();
        for content in [&b""[..], b"\x04demo", LAMP] {
            fs::write(cache.path(demo), content).unwrap();
            assert!(cache.get(demo).is_none());
            assert_eq!(names(&cache), [""; 0]);
        }
        // A matching checksum does not prove that it is a description.
        cache.put(b"nonsense").unwrap();
        assert_eq!(names(&cache), [""; 0]);
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let (_folder, cache) = cache();
        cache.put(DEMO).unwrap();
        fs::write(cache.folder.join("README"), "hello").unwrap();
        let unfinished = format!("{:08x}.7.unfinished", Crc32::of(DEMO).value());
        fs::write(cache.folder.join(unfinished), DEMO).unwrap();
        assert_eq!(names(&cache), ["demo"]);
    }
}

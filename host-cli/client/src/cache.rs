//! Keeps the descriptions of known devices as files. A description then crosses the link only once
//! for each interface, and a device's interface can be looked up while it is unplugged.
//!
//! A file is named after the digest of the description in it, for which a device is asked before its description is
//! taken from here. So a damaged file is recognised, and counts as missing.

use crate::description::{Description, MAX_DESCRIPTION};
use etcetera::BaseStrategy;
use rpc_proto::describe::{DIGEST, digest};
use rpc_proto::wire::crc::Crc32;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// The extension of the files' names.
const EXTENSION: &str = "description";

/// The extension while they are written.
const UNFINISHED: &str = "unfinished";

/// The most descriptions that are kept, for example those of the last versions of one firmware.
const MOST: usize = 100;

/// The most bytes that they take.
const MOST_BYTES: u64 = 8 << 20;

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
    /// folder of Windows. None if the user has no home, or a relative one.
    pub fn of_user() -> Option<Self> {
        let folder = etcetera::choose_base_strategy().ok()?.cache_dir();
        // A relative one would be a folder of wherever the program happens to be started.
        let folder = folder.is_absolute().then_some(folder)?;
        Some(Self::in_folder(folder.join("serial-rpc")))
    }

    /// Returns the description with that digest, and marks it as used now.
    ///
    /// ```
    /// use rpc_proto::describe::digest;
    /// use serial_rpc::cache::Cache;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let cache = Cache::in_folder(folder.path());
    /// let description = b"\x04demo\x051.0.0\x00";
    /// let digest = digest(&[description]);
    /// assert!(cache.get(&digest).is_none());
    ///
    /// cache.put(description)?;
    /// assert_eq!(cache.get(&digest).unwrap().description.name, "demo");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn get(&self, digest: &[u8; DIGEST]) -> Option<Cached> {
        let path = self.path(digest);
        let cached = self.read(&path)?;
        // If it cannot be marked, it merely looks older than it is.
        if let Ok(file) = File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(cached)
    }

    /// Returns the description with that fingerprint, for a conversation that has no digest. None if
    /// there are several.
    pub fn with_fingerprint(&self, fingerprint: u32) -> Option<Cached> {
        let mut all = self.all();
        all.retain(|cached| cached.fingerprint == fingerprint);
        all.pop().filter(|_| all.is_empty())
    }

    /// Keeps a description in the form that a device sends. If there are more than a hundred or they take more than
    /// 8 MiB, the least recently used ones are deleted.
    ///
    /// # Errors
    /// Fails if it is no description, or if the file cannot be written.
    pub fn put(&self, description: &[u8]) -> io::Result<()> {
        static WRITTEN: AtomicU32 = AtomicU32::new(0);
        let senseless = |error| io::Error::new(ErrorKind::InvalidData, error);
        Description::read(description).map_err(senseless)?;
        if description.len() > MAX_DESCRIPTION {
            return Err(ErrorKind::FileTooLarge.into());
        }
        fs::create_dir_all(&self.folder)?;
        // Written to another file and renamed, so that nobody reads half of it.
        let (process, number) = (std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
        let unfinished = self.folder.join(format!("{process}-{number}.{UNFINISHED}"));
        File::create_new(&unfinished)
            .and_then(|mut file| file.write_all(description))
            .and_then(|()| fs::rename(&unfinished, self.path(&digest(&[description]))))
            .inspect_err(|_| drop(fs::remove_file(&unfinished)))?;
        self.evict()
    }

    /// Returns every description, the most recently used first.
    pub fn all(&self) -> Vec<Cached> {
        let files = self.files().into_iter();
        files.filter_map(|file| self.read(&file.path)).collect()
    }

    /// Deletes the least recently used files that are too many. A file that a program left unfinished is such a one
    /// in time.
    fn evict(&self) -> io::Result<()> {
        let mut bytes = 0;
        for (index, file) in self.files().into_iter().enumerate() {
            bytes += file.len;
            if index >= MOST || bytes > MOST_BYTES {
                match fs::remove_file(file.path) {
                    // By another process, which makes room too.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    removed => removed?,
                }
            }
        }
        Ok(())
    }

    /// Returns the files of this cache, the most recently used first.
    fn files(&self) -> Vec<KeptFile> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut files: Vec<KeptFile> = entries
            .filter_map(|entry| {
                let (path, metadata) = (entry.path(), entry.metadata().ok()?);
                let extension = path.extension()?.to_str()?;
                let is_ours = metadata.is_file() && [EXTENSION, UNFINISHED].contains(&extension);
                is_ours.then_some(KeptFile {
                    used: metadata.modified().ok()?,
                    len: metadata.len(),
                    path,
                })
            })
            .collect();
        files.sort_by(|a, b| (b.used, &a.path).cmp(&(a.used, &b.path)));
        files
    }

    fn path(&self, digest: &[u8; DIGEST]) -> PathBuf {
        let name = u128::from_be_bytes(*digest);
        self.folder.join(format!("{name:032x}.{EXTENSION}"))
    }

    /// Reads a file, if it holds what its name says.
    fn read(&self, path: &Path) -> Option<Cached> {
        let mut bytes = Vec::new();
        let most = MAX_DESCRIPTION as u64 + 1;
        let file = File::open(path).ok()?;
        file.take(most).read_to_end(&mut bytes).ok()?;
        if self.path(&digest(&[&bytes])) != path {
            return None;
        }
        Some(Cached {
            fingerprint: Crc32::of(&bytes).value(),
            description: Description::read(&bytes).ok()?,
            bytes,
        })
    }
}

/// A file in the folder.
struct KeptFile {
    used: SystemTime,
    len: u64,
    path: PathBuf,
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

    /// Returns a description with a doc of that length.
    fn description(version: usize, doc: usize) -> Vec<u8> {
        let services = [("a", "x".repeat(doc), [0u8; 0].as_slice())];
        postcard::to_stdvec(&("demo", format!("{version:03}"), &services[..])).unwrap()
    }

    /// Keeps a description, as one that was used at that time.
    fn put(cache: &Cache, description: &[u8], used: u64) {
        cache.put(description).unwrap();
        let path = cache.path(&digest(&[description]));
        if let Ok(file) = File::options().append(true).open(path) {
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(used);
            file.set_modified(used).unwrap();
        }
    }

    #[test]
    fn the_description_used_last_comes_first() {
        let (_folder, cache) = cache();
        assert_eq!(names(&cache), [""; 0]);
        put(&cache, DEMO, 1);
        put(&cache, LAMP, 2);
        assert_eq!(names(&cache), ["lamp", "demo"]);
        assert!(cache.get(&digest(&[DEMO])).is_some());
        assert_eq!(names(&cache), ["demo", "lamp"]);
    }

    #[test]
    fn with_a_hundred_the_one_used_longest_ago_makes_room() {
        let (_folder, cache) = cache();
        for number in 0..=MOST {
            put(&cache, &description(number, 0), number as u64);
        }
        let kept = cache.all();
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept[0].description.version, "100");
        assert_eq!(kept[MOST - 1].description.version, "001");
    }

    #[test]
    fn the_bytes_of_all_are_limited_and_of_each() {
        let (_folder, cache) = cache();
        let half = MAX_DESCRIPTION / 2;
        let fit = MOST_BYTES as usize / half;
        for number in 0..fit {
            put(&cache, &description(number, half), number as u64);
        }
        let kept = cache.all();
        assert_eq!(kept.len(), fit - 1, "a description is longer than its doc");
        assert_eq!(kept[fit - 2].description.version, "001");
        assert!(cache.put(&description(0, MAX_DESCRIPTION)).is_err());
    }

    #[test]
    fn a_damaged_file_counts_as_missing() {
        let (_folder, cache) = cache();
        cache.put(DEMO).unwrap();
        let demo = digest(&[DEMO]);
        for content in [&b""[..], b"\x04demo", LAMP] {
            fs::write(cache.path(&demo), content).unwrap();
            assert!(cache.get(&demo).is_none());
            assert_eq!(names(&cache), [""; 0]);
        }
    }

    #[test]
    fn names_that_a_shell_would_run_are_never_offered_for_completion() {
        let (_folder, cache) = cache();
        cache.put(DEMO).unwrap();
        let services = [("a;reboot", "", [0u8; 0].as_slice())];
        let hostile = postcard::to_stdvec(&("demo", "1", &services[..])).unwrap();
        assert!(cache.put(&hostile).is_err());
        fs::write(cache.path(&digest(&[&hostile])), &hostile).unwrap();
        assert_eq!(cache.all().len(), 1);
    }

    #[test]
    fn what_is_no_description_is_not_kept() {
        let (_folder, cache) = cache();
        let error = cache.put(b"nonsense").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(!cache.folder.exists());
    }

    #[test]
    fn a_description_that_cannot_be_written_leaves_nothing_behind() {
        let (_folder, cache) = cache();
        fs::create_dir_all(cache.path(&digest(&[DEMO])).join("in the way")).unwrap();
        cache.put(DEMO).unwrap_err();
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 1);
    }

    #[test]
    fn two_descriptions_of_one_fingerprint_are_both_kept_and_neither_is_guessed() {
        let (_folder, cache) = cache();
        let [one, other] = colliding();
        let fingerprint = Crc32::of(&one).value();
        cache.put(&one).unwrap();
        assert!(cache.with_fingerprint(fingerprint).is_some());
        cache.put(&other).unwrap();
        assert!(cache.with_fingerprint(fingerprint).is_none());
        assert_eq!(cache.get(&digest(&[&one])).unwrap().bytes, one);
        assert_eq!(cache.get(&digest(&[&other])).unwrap().bytes, other);
    }

    /// Returns two descriptions with the same CRC-32: they differ by a multiple of its polynomial.
    fn colliding() -> [Vec<u8>; 2] {
        let one = description(1, 40);
        let mut other = one.clone();
        assert_eq!(other[20..25], *b"xxxxx");
        other[20..25].copy_from_slice(b"d7$yl");
        assert_eq!(Crc32::of(&one).value(), Crc32::of(&other).value());
        [one, other]
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let (_folder, cache) = cache();
        cache.put(DEMO).unwrap();
        fs::write(cache.folder.join("README"), "hello").unwrap();
        fs::write(cache.folder.join(format!("7-0.{UNFINISHED}")), DEMO).unwrap();
        fs::write(cache.folder.join(format!("demo.{EXTENSION}")), DEMO).unwrap();
        assert_eq!(names(&cache), ["demo"]);
    }
}

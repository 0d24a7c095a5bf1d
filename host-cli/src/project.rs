//! Reads a project's `serial-rpc.toml`: the link to its device, for everybody who works in its
//! folder.

use crate::failure::{Class, Failure};
use crate::target::Target;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serial_rpc::seconds::seconds;
use std::path::Path;
use std::time::Duration;
use std::{env, fs};

/// The file's name.
const FILE: &str = "serial-rpc.toml";

/// The contents of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// As `--port`.
    #[serde(default, deserialize_with = "port")]
    pub port: Option<Target>,
    /// As `--baud`.
    pub baud: Option<u32>,
    /// As `--timeout`.
    #[serde(default, deserialize_with = "timeout")]
    pub timeout: Option<Duration>,
    /// As `--retries`.
    pub retries: Option<u32>,
}

impl Project {
    /// Reads the file in the current folder, or in the nearest parent that has it.
    pub fn of_current_folder() -> Result<Self, Failure> {
        let Ok(folder) = env::current_dir() else {
            return Ok(Self::default());
        };
        let mut files = folder.ancestors().map(|folder| folder.join(FILE));
        match files.find(|file| file.is_file()) {
            Some(file) => Self::read(&file),
            None => Ok(Self::default()),
        }
    }

    fn read(file: &Path) -> Result<Self, Failure> {
        let wrong =
            |reason: String| Failure::new(Class::Usage, format!("{}: {reason}", file.display()));
        let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))
    }
}

fn port<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Target>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(Error::custom)
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    seconds(&number.to_string())
        .map(Some)
        .map_err(Error::custom)
}

//! Reads the files of commands; `-` is stdin.

use crate::failure::{Class, Failure};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// An open file.
pub struct Input {
    name: String,
    file: BufReader<Box<dyn Read>>,
}

impl Input {
    /// Opens a file.
    pub fn open(name: &str) -> Result<Self, Failure> {
        let file: Box<dyn Read> = match name {
            "-" => Box::new(io::stdin()),
            path => Box::new(File::open(path).map_err(|error| unreadable(name, error))?),
        };
        Ok(Self {
            name: name.to_owned(),
            file: BufReader::new(file),
        })
    }

    /// Returns its lines as they come, numbered from 1.
    pub fn lines(self) -> impl Iterator<Item = Result<(usize, String), Failure>> {
        let Self { name, file } = self;
        (1..).zip(file.lines()).map(move |(number, line)| {
            line.map(|line| (number, line))
                .map_err(|error| unreadable(&name, error))
        })
    }

    /// Reads all of its bytes.
    pub fn all(mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = self.file.read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&self.name, error))?;
        Ok(bytes)
    }

    /// Reads some of its bytes; none at its end.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Failure> {
        let bytes = self.file.fill_buf().map(<[u8]>::to_vec);
        let bytes = bytes.map_err(|error| unreadable(&self.name, error))?;
        self.file.consume(bytes.len());
        Ok(bytes)
    }
}

fn unreadable(name: &str, error: io::Error) -> Failure {
    Failure::new(Class::Usage, format!("cannot read {name}: {error}"))
}

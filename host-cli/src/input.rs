//! Reads the files of commands; `-` is stdin.
//!
//! A thread of its own reads each file. It may wait for a pipe for ever, which nothing can end, while
//! Ctrl-C ends the wait for the thread.

use crate::failure::{Class, Failure};
use crate::interrupt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, SendError, SyncSender};
use std::thread;

/// The number of bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// An open file.
pub struct Input {
    name: String,
    file: BufReader<Chunks>,
}

impl Input {
    /// Opens a file.
    pub fn open(name: &str) -> Result<Self, Failure> {
        let (sender, received) = mpsc::sync_channel(1);
        let path = name.to_owned();
        // It ends with the file, or when nobody wants more of it.
        thread::spawn(move || read(&path, &sender));
        let mut chunks = Chunks {
            received,
            chunk: Cursor::default(),
        };
        chunks.next().map_err(|error| unreadable(name, &error))?;
        Ok(Self {
            name: name.to_owned(),
            file: BufReader::new(chunks),
        })
    }

    /// Returns its lines as they come, numbered from 1.
    pub fn lines(self) -> impl Iterator<Item = Result<(usize, String), Failure>> {
        let Self { name, file } = self;
        (1..).zip(file.lines()).map(move |(number, line)| {
            line.map(|line| (number, line))
                .map_err(|error| unreadable(&name, &error))
        })
    }

    /// Reads all of its bytes.
    pub fn all(mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = self.file.read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&self.name, &error))?;
        Ok(bytes)
    }

    /// Reads some of its bytes; none at its end.
    pub fn bytes(&mut self) -> Result<Vec<u8>, Failure> {
        let bytes = self.file.fill_buf().map(<[u8]>::to_vec);
        let bytes = bytes.map_err(|error| unreadable(&self.name, &error))?;
        self.file.consume(bytes.len());
        Ok(bytes)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    if interrupt::happened() {
        return interrupt::interrupted();
    }
    let name = if name == "-" { "stdin" } else { name };
    Failure::new(Class::Usage, format!("cannot read {name}: {error}"))
}

type Chunk = io::Result<Vec<u8>>;

/// Passes a file on: an empty chunk once it is open, and then what it holds.
fn read(path: &str, sender: &SyncSender<Chunk>) -> Result<(), SendError<Chunk>> {
    let opened: io::Result<Box<dyn Read>> = match path {
        "-" => Ok(Box::new(io::stdin())),
        path => File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    let mut file = match opened {
        Ok(file) => file,
        Err(error) => return sender.send(Err(error)),
    };
    sender.send(Ok(Vec::new()))?;
    loop {
        let mut chunk = vec![0; CHUNK];
        match file.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                chunk.truncate(count);
                sender.send(Ok(chunk))?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return sender.send(Err(error)),
        }
    }
}

/// The receiving end.
struct Chunks {
    received: Receiver<Chunk>,
    chunk: Cursor<Vec<u8>>,
}

impl Chunks {
    /// Waits for the next chunk. False at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        let received = interrupt::receive(&self.received);
        let chunk = received.map_err(|interrupted| io::Error::other(interrupted.message))?;
        let is_more = chunk.is_some();
        self.chunk = Cursor::new(chunk.transpose()?.unwrap_or_default());
        Ok(is_more)
    }
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.chunk.read(buffer)? {
                0 if !buffer.is_empty() && self.next()? => {}
                count => return Ok(count),
            }
        }
    }
}

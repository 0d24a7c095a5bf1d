//! Reads a description from the postcard bytes that a device sends.
//!
//! serde could derive this, but its code recurses as deep as the bytes say, and these bytes are not
//! trusted. This reader limits the depth, checks lengths against the remaining bytes, refuses names
//! that are ambiguous or would upset a terminal, and reports the byte at which it failed.

mod types;

use std::collections::HashSet;

use thiserror::Error;

use super::{Argument, Description, FIRST_NUMBER, Procedure, Service};
use crate::cursor::{Cursor, Malformed};
use crate::safe;
use rpc_proto::describe::{Mark, ProcedureKind};
use rpc_proto::service::StaticInterface;
use rpc_proto::wire::crc::Crc32;
use unicode_ident::{is_xid_continue, is_xid_start};

/// The deepest nesting of types.
const MAX_DEPTH: usize = 64;

/// The longest name in bytes. Paths repeat the service's name, so a limit is needed.
const MAX_NAME: usize = 255;

/// The error for bytes that are not a description.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The bytes are not postcard.
    #[error("the device's description is damaged: {0}")]
    Malformed(Malformed),
    /// A tag has no meaning.
    #[error("the device's description is damaged: byte {offset} should say {what}, and is {tag}")]
    Tag {
        /// The offset of the tag.
        offset: usize,
        /// The thing that the tag selects.
        what: &'static str,
        /// The value of the tag.
        tag: u32,
    },
    /// A type nests deeper than 64 levels.
    #[error("the type at byte {offset} of the device's description nests deeper than {MAX_DEPTH}")]
    TooDeep {
        /// The offset of the innermost type.
        offset: usize,
    },
    /// A type is referred to that does not come before.
    #[error(
        "byte {offset} of the device's description refers to type {number}, which is not there"
    )]
    NoSuchType {
        /// The offset of the number.
        offset: usize,
        /// The number of the type.
        number: u32,
    },
    /// References to types repeat more than 256 KiB.
    #[error("the device's description grows without end where types refer to others")]
    TooRepetitive,
    /// A name is longer than 255 bytes or has characters that cannot be shown.
    #[error(
        "the name before byte {offset} of the device's description is longer than {MAX_NAME} \
         bytes or has hidden characters"
    )]
    Name {
        /// The offset of the end of the name.
        offset: usize,
    },
    /// The name of a service or procedure is no identifier, as Rust has them, so that a path could be
    /// read in two ways, and run as something else by a shell.
    #[error(
        "`{name}` before byte {offset} of the device's description is no name for a {what}: it is \
         no identifier"
    )]
    NoIdentifier {
        /// The kind of the item.
        what: &'static str,
        /// Its name.
        name: String,
        /// The offset of the end of the name.
        offset: usize,
    },
    /// Two items that are distinguished by name have the same name.
    #[error(
        "two {what} before byte {offset} of the device's description have the same name, `{name}`"
    )]
    SameName {
        /// The kind of the items.
        what: &'static str,
        /// Their name.
        name: String,
        /// The offset of the end of the last one.
        offset: usize,
    },
    /// There are more procedures than numbers.
    #[error("the device describes more procedures than there are numbers for")]
    TooManyProcedures,
    /// Bytes follow the end of the description.
    #[error("the device's description ends at byte {offset}, and the bytes are longer by {count}")]
    Trailing {
        /// The offset of the end.
        offset: usize,
        /// The number of bytes that follow it.
        count: usize,
    },
}

impl From<Malformed> for ReadError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Description {
    /// Returns the description of an interface that this program is built with.
    ///
    /// ```
    /// use firmware::CheckedCalculator;
    /// use firmware::calculator::CalculatorService;
    /// use serial_rpc_values::description::Description;
    ///
    /// let description = Description::of::<CalculatorService<CheckedCalculator>>()?;
    /// assert_eq!(description.procedure("calculator.add")?.number, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Fails if names or types of the interface exceed the limits of a description.
    pub fn of<I: StaticInterface>() -> Result<Self, ReadError> {
        Self::read(&I::DESCRIPTION.concat())
    }

    /// Reads a description as a device sends it.
    ///
    /// # Errors
    /// Fails if the bytes are not one whole description, or one that no device built with
    /// `rpc_proto` would send: for example types nested more than 64 deep, or two fields of the
    /// same name.
    ///
    /// ```
    /// use serial_rpc_values::description::Description;
    ///
    /// let device = Description::read(b"\x04demo\x051.0.0\x00")?;
    /// assert_eq!((device.name.as_str(), device.version.as_str()), ("demo", "1.0.0"));
    ///
    /// assert_eq!(
    ///     Description::read(b"\x04de").unwrap_err().to_string(),
    ///     "the device's description is damaged: \
    ///      the length at byte 0 is 4, and only 2 bytes follow",
    /// );
    /// # Ok::<(), serial_rpc_values::description::ReadError>(())
    /// ```
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        whole(bytes, Reader::description)
    }
}

fn whole<'a, T>(
    bytes: &'a [u8],
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let mut reader = Reader {
        cursor: Cursor::new(bytes),
        next_number: FIRST_NUMBER,
        kept: Vec::new(),
        is_repeating: false,
        repeated: 0,
        key: Key {
            crc: Crc32::new(),
            undecided: bytes,
        },
    };
    let found = read(&mut reader)?;
    match reader.cursor.rest().len() {
        0 => Ok(found),
        count => Err(ReadError::Trailing {
            offset: reader.cursor.offset(),
            count,
        }),
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    next_number: u16,
    /// The types of the service that can be referred to.
    kept: Vec<Kept<'a>>,
    /// True while a type is read that is referred to.
    is_repeating: bool,
    /// The number of bytes that have been read again.
    repeated: usize,
    key: Key<'a>,
}

/// A type that can be referred to.
struct Kept<'a> {
    name: String,
    /// Where its shape begins, and how long that is.
    shape: Cursor<'a>,
    length: usize,
}

/// The key of the procedure being read: the CRC-32 of its description without docs and without the
/// names of arguments and types (PROTOCOL.md, "Keys").
struct Key<'a> {
    crc: Crc32,
    /// The bytes that are neither included in the checksum nor left out of it yet, read or not.
    undecided: &'a [u8],
}

impl<'a> Reader<'a> {
    fn description(&mut self) -> Result<Description, ReadError> {
        Ok(Description {
            name: self.name()?,
            version: self.name()?,
            services: self.named_list("services", Self::service, |service| &service.name)?,
        })
    }

    fn service(&mut self) -> Result<Service, ReadError> {
        let name = self.identifier("service")?;
        let doc = self.doc()?;
        self.kept.clear();
        let read = |reader: &mut Self| reader.procedure(&name);
        let procedures = self.named_list("procedures", read, |procedure| &procedure.path)?;
        Ok(Service {
            name,
            doc,
            procedures,
        })
    }

    fn procedure(&mut self, service: &str) -> Result<Procedure, ReadError> {
        let number = self.next_number;
        self.next_number = number.checked_add(1).ok_or(ReadError::TooManyProcedures)?;
        self.key = Key {
            // A name is at most 255 bytes long, so its length is one or two.
            crc: Crc32::new()
                .then(postcard::to_slice(&service.len(), &mut [0; 2]).unwrap_or_default())
                .then(service.as_bytes()),
            undecided: self.cursor.rest(),
        };
        let path = format!("{service}.{}", self.identifier("procedure")?);
        self.count_for_key();
        let doc = self.doc()?;
        self.leave_out_of_key();
        let arguments = self.named_list("arguments", Self::argument, |argument| &argument.name)?;
        let value = self.ty(0)?;
        let error = if self.flag("whether there is an error")? {
            Some(self.ty(0)?)
        } else {
            None
        };
        self.count_for_key();
        let mark = self.mark()?;
        if mark.kind() != ProcedureKind::Call {
            self.key.crc = self.key.crc.then_byte(mark.kind() as u8);
        }
        Ok(Procedure {
            number,
            key: self.key.crc.value(),
            path,
            doc,
            arguments,
            value,
            error,
            kind: mark.kind(),
            idempotent: mark.is_idempotent(),
        })
    }

    fn argument(&mut self) -> Result<Argument, ReadError> {
        self.count_for_key();
        let name = self.name()?;
        self.leave_out_of_key();
        Ok(Argument {
            name,
            ty: self.ty(0)?,
        })
    }

    /// Adds the bytes read since the last such call to the key.
    fn count_for_key(&mut self) {
        let unread = self.cursor.rest().len();
        let read = self.key.undecided.len().saturating_sub(unread);
        let read = self.key.undecided.get(..read).unwrap_or_default();
        self.key.crc = self.key.crc.then(read);
        self.leave_out_of_key();
    }

    /// Leaves the bytes read since the last such call out of the key.
    fn leave_out_of_key(&mut self) {
        self.key.undecided = self.cursor.rest();
    }

    fn named_list<T>(
        &mut self,
        what: &'static str,
        read: impl Fn(&mut Self) -> Result<T, ReadError>,
        name: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, ReadError> {
        let items = self.list(read)?;
        let mut seen = HashSet::new();
        match items.iter().map(name).find(|name| !seen.insert(*name)) {
            None => Ok(items),
            Some(name) => Err(ReadError::SameName {
                what,
                name: name.clone(),
                offset: self.cursor.offset(),
            }),
        }
    }

    fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let length = self.cursor.length()?;
        // Not allocated in advance: an item is larger here than on the wire.
        (0..length).map(|_| read(self)).collect()
    }

    fn name(&mut self) -> Result<String, ReadError> {
        let name = self.cursor.text()?;
        if name.len() > MAX_NAME || name.chars().any(safe::is_hidden) {
            let offset = self.cursor.offset();
            return Err(ReadError::Name { offset });
        }
        Ok(name.to_owned())
    }

    fn identifier(&mut self, what: &'static str) -> Result<String, ReadError> {
        let name = self.name()?;
        let mut characters = name.chars();
        let begins = |first| first == '_' || is_xid_start(first);
        if characters.next().is_some_and(begins) && characters.all(is_xid_continue) {
            return Ok(name);
        }
        let offset = self.cursor.offset();
        Err(ReadError::NoIdentifier { what, name, offset })
    }

    /// Reads text of several lines, and makes it safe to show.
    fn doc(&mut self) -> Result<String, ReadError> {
        Ok(safe::lines(self.cursor.text()?))
    }

    fn flag(&mut self, what: &'static str) -> Result<bool, ReadError> {
        let offset = self.cursor.offset();
        match self.cursor.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(ReadError::Tag {
                offset,
                what,
                tag: tag.into(),
            }),
        }
    }

    fn mark(&mut self) -> Result<Mark, ReadError> {
        let offset = self.cursor.offset();
        let byte = self.cursor.byte()?;
        Mark::from_byte(byte).ok_or(ReadError::Tag {
            offset,
            what: "what the procedure is (0 to 7)",
            tag: byte.into(),
        })
    }

    fn tag(&mut self) -> Result<u32, ReadError> {
        let offset = self.cursor.offset();
        let tag = self.cursor.varint(u32::BITS)?;
        u32::try_from(tag).map_err(|_| {
            let bits = u32::BITS;
            Malformed::Varint { offset, bits }.into()
        })
    }
}

#[cfg(test)]
mod tests;

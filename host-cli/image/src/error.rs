//! The reasons why a file is no image.

use crate::MAX_LENGTH;

/// The reason why a file cannot be read as an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// It has no bytes for the flash.
    #[error("there is nothing in it")]
    Empty,
    /// It has more bytes than any microcontroller, or they are far apart.
    #[error("it would take more than {} MiB of flash", MAX_LENGTH >> 20)]
    TooLong,
    /// Its first and last bytes are farther apart than any flash is long.
    #[error(
        "its parts are too far apart to be in one flash: the first is at {first:#010x}, the last ends at {end:#010x}"
    )]
    FarApart {
        /// The address of the first byte.
        first: u32,
        /// The address behind the last byte.
        end: u64,
    },
    /// Two parts of it have the same address.
    #[error("two of its parts claim the address {address:#010x}")]
    Overlap {
        /// The address.
        address: u32,
    },
    /// It is a program for a computer, not for a microcontroller.
    #[error("it is a program for a computer with an operating system, not for a microcontroller")]
    OtherMachine,
    /// It is an object file or a library.
    #[error("it is an object file or a library, not a program that was linked")]
    NotLinked,
    /// It is not whole.
    #[error("it is not whole: its end is missing")]
    Truncated,
    /// It is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// It has images for several chips.
    #[error("it has images for several chips: {families}")]
    SeveralChips {
        /// The numbers of their families, in UF2's numbering.
        families: String,
    },
}

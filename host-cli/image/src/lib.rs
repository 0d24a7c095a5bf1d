//! Reads firmware images: the bytes that belong into a microcontroller's flash, and their address.
//!
//! An [`Image`] is made of the bytes of a file, which is ELF, Intel HEX, UF2 or plain binary. Nothing
//! here opens a file. Whatever the bytes are, reading ends with an image or an error, in memory of a few
//! times the size of the file, and [`MAX_LENGTH`].
//!
//! ```
//! use serial_rpc_image::{Format, Image};
//!
//! let hex = b":0400000001020304F2\n:00000001FF\n";
//! let image = Image::read(hex)?;
//! assert_eq!(image.format, Format::Hex);
//! assert_eq!(image.address, Some(0));
//! assert_eq!(image.bytes, [1, 2, 3, 4]);
//! # Ok::<(), serial_rpc_image::ImageError>(())
//! ```

mod elf;
mod error;
mod hex;
mod pieces;
mod uf2;
mod vectors;

pub use error::ImageError;
pub use vectors::Misplaced;

use std::fmt;

/// The longest image, in bytes: no microcontroller has more flash of its own.
pub const MAX_LENGTH: usize = 16 * 1024 * 1024;

/// The bytes of a firmware, as they are in flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The format of the file.
    pub format: Format,
    /// The address of the first byte. None if the file does not tell it.
    pub address: Option<u32>,
    /// The bytes. Where the file has none between others, they are 0, as `objcopy -O binary` has them,
    /// so that a signature of its output is one of the image.
    pub bytes: Vec<u8>,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ELF, as compilers and linkers make it.
    Elf,
    /// Intel HEX.
    Hex,
    /// UF2, which is copied to the drive that some boot loaders offer.
    Uf2,
    /// The bytes as they are, without an address.
    Bin,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Elf => "ELF",
            Self::Hex => "Intel HEX",
            Self::Uf2 => "UF2",
            Self::Bin => "BIN",
        })
    }
}

impl Image {
    /// Reads the bytes of a file, whose format they tell. What is none of the others is BIN.
    ///
    /// # Errors
    /// Fails if the file is damaged, or is no image for a microcontroller.
    pub fn read(file: &[u8]) -> Result<Self, ImageError> {
        let (format, pieces) = match file {
            [0x7f, b'E', b'L', b'F', ..] => (Format::Elf, elf::pieces(file)?),
            [b'U', b'F', b'2', b'\n', ..] => (Format::Uf2, uf2::pieces(file)?),
            [b':', ..] => (Format::Hex, hex::pieces(file)?),
            bytes => {
                return match bytes.len() {
                    0 => Err(ImageError::Empty),
                    length if length > MAX_LENGTH => Err(ImageError::TooLong),
                    _ => Ok(Self {
                        format: Format::Bin,
                        address: None,
                        bytes: bytes.to_vec(),
                    }),
                };
            }
        };
        let (address, bytes) = pieces::joined(pieces)?;
        Ok(Self {
            format,
            address: Some(address),
            bytes,
        })
    }

    /// Checks that the image is made for that address: by the address in the file, and by the table of
    /// vectors at its beginning if it has one, as those for Cortex-M do.
    ///
    /// # Errors
    /// Fails with the address for which it seems to be made.
    pub fn check_address(&self, address: u32) -> Result<(), Misplaced> {
        if let Some(of_file) = self.address.filter(|&of_file| of_file != address) {
            return Err(Misplaced::Address(of_file));
        }
        vectors::check(&self.bytes, address)
    }
}

//! Reads any bytes as the file of a firmware image: they are read or refused, in memory of their own
//! size, and an image that was read is there as a whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serial_rpc_image::{Format, Image, MAX_LENGTH};

fuzz_target!(|file: &[u8]| {
    let Ok(image) = Image::read(file) else {
        return;
    };
    assert!((1..=MAX_LENGTH).contains(&image.bytes.len()));
    assert_eq!(image.address.is_none(), image.format == Format::Bin);
    if let Some(address) = image.address {
        assert!(u64::from(address) + image.bytes.len() as u64 <= 1 << 32);
    }
    let _ = image.check_address(image.address.unwrap_or(0x8000));
});

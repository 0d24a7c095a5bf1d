//! The description that an image carries in itself: the product that it is for, and its version.

use heapless::String;

/// The longest product or version, in bytes.
pub const MAX_TEXT: usize = 24;

/// The product and the version of an image, in a form that is found by searching the image for it.
///
/// A firmware has one, in a `static`, that it gives to its [`Updater`](super::Updater):
///
/// ```
/// use rpc_proto::services::update::ImageInfo;
/// static INFO: ImageInfo = ImageInfo::new("desk-lamp", "2.0.1");
/// assert_eq!(INFO.product(), "desk-lamp");
/// assert_eq!(ImageInfo::find(INFO.as_bytes()), Some(INFO.clone()));
/// ```
///
/// In the image it takes 64 bytes at a multiple of 4: a mark of 16 bytes, product,
/// and version, both ASCII and filled up with zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(4))]
pub struct ImageInfo {
    bytes: [u8; Self::LENGTH],
}

impl ImageInfo {
    /// The number of bytes in it.
    pub const LENGTH: usize = Self::VERSION + MAX_TEXT;
    /// The multiple of bytes at which it begins.
    pub(super) const ALIGNMENT: usize = align_of::<Self>();
    /// The beginning of the version. What comes before it is the same in all images for a product.
    pub(super) const VERSION: usize = Self::PRODUCT + MAX_TEXT;
    const PRODUCT: usize = Self::MARK.len();
    /// The first bytes, by which it is found. It is in the images of a device for this purpose only.
    const MARK: [u8; 16] = [
        0xd6, 0x1f, 0x8e, 0x33, 0x5b, 0xc4, 0x27, 0xa9, 0x70, 0xec, 0x92, 0x0d, 0xb8, 0x41, 0x6f,
        0xe5,
    ];

    /// Creates the description of an image.
    ///
    /// # Panics
    /// Panics, when it is compiled, if the product or the version is not ASCII or longer than
    /// [`MAX_TEXT`] bytes, or if the product is empty.
    pub const fn new(product: &str, version: &str) -> Self {
        assert!(!product.is_empty(), "the product needs a name");
        assert!(product.is_ascii(), "the product's name has to be ASCII");
        assert!(version.is_ascii(), "the version has to be ASCII");
        let bytes = [0; Self::LENGTH];
        let bytes = with(bytes, 0, &Self::MARK);
        let bytes = with(bytes, Self::PRODUCT, product.as_bytes());
        let bytes = with(bytes, Self::VERSION, version.as_bytes());
        assert!(product.len() <= MAX_TEXT, "the product's name is too long");
        assert!(version.len() <= MAX_TEXT, "the version is too long");
        Self { bytes }
    }

    /// Returns the first description in an image, or None if there is none.
    pub fn find(image: &[u8]) -> Option<Self> {
        let mut places = image.windows(Self::LENGTH).step_by(Self::ALIGNMENT);
        let found = places.find(|place| place.starts_with(&Self::MARK))?;
        let bytes = found.try_into().ok()?;
        Some(Self { bytes })
    }

    /// Returns the product.
    pub fn product(&self) -> String<MAX_TEXT> {
        text(self.bytes.get(Self::PRODUCT..).unwrap_or_default())
    }

    /// Returns the version.
    pub fn version(&self) -> String<MAX_TEXT> {
        text(self.bytes.get(Self::VERSION..).unwrap_or_default())
    }

    /// Returns its bytes, as they are in the image.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.bytes
    }
}

/// Returns `bytes` with others from `offset` on.
const fn with(
    mut bytes: [u8; ImageInfo::LENGTH],
    offset: usize,
    others: &[u8],
) -> [u8; ImageInfo::LENGTH] {
    let mut index = 0;
    while index < others.len() && offset + index < bytes.len() {
        bytes[offset + index] = others[index];
        index += 1;
    }
    bytes
}

/// Returns the text that is filled up with zeros, as far as it is ASCII.
pub(super) fn text(bytes: &[u8]) -> String<MAX_TEXT> {
    let mut text = String::new();
    for &byte in bytes {
        // `from_utf8` would take 600 bytes of flash.
        if byte == 0 || !byte.is_ascii() || text.push(char::from(byte)).is_err() {
            break;
        }
    }
    text
}

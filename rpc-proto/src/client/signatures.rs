//! The signatures that differ between a caller and a device, in words.

/// The two signatures of one path, in words, from a caller that can read the device's description. On a target
/// without an operating system they take no memory, and say nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Signatures {
    #[cfg(not(target_os = "none"))]
    words: &'static str,
}

impl Signatures {
    /// Creates them from words that name the path and both signatures.
    #[cfg_attr(target_os = "none", allow(unused_variables))]
    pub const fn new(words: &'static str) -> Self {
        Self {
            #[cfg(not(target_os = "none"))]
            words,
        }
    }

    /// Returns the words; empty if there are none.
    pub const fn words(&self) -> &'static str {
        #[cfg(not(target_os = "none"))]
        return self.words;
        #[cfg(target_os = "none")]
        return "";
    }
}

impl core::fmt::Debug for Signatures {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.words())
    }
}

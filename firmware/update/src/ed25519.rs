//! Images signed by ed25519.

use rpc_proto::services::update::Verifier;
use salty::{PublicKey, Sha512, Signature};

/// Takes the images whose SHA-512 is signed with the secret half of a key, as `embassy-boot` does.
///
/// ```
/// use firmware_update::ed25519::Ed25519;
/// const KEY: [u8; 32] = [0x3a; 32]; // or `*include_bytes!("release.pub")`
/// let verifier = Ed25519::new(KEY);
/// # let _ = verifier;
/// ```
pub struct Ed25519 {
    key: [u8; 32],
    hash: Sha512,
}

impl Ed25519 {
    /// Creates a verifier with a public key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let hash = Sha512::new();
        Self { key, hash }
    }
}

impl Verifier for Ed25519 {
    const SIGNED: bool = true;

    fn begin(&mut self) {
        self.hash = Sha512::new();
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    fn accepts(&mut self, signature: &[u8]) -> bool {
        let hash = core::mem::replace(&mut self.hash, Sha512::new()).finalize();
        let (Ok(key), Ok(signature)) = (
            PublicKey::try_from(&self.key),
            <&[u8; 64]>::try_from(signature),
        ) else {
            return false;
        };
        key.verify(&hash, &Signature::from(signature)).is_ok()
    }
}

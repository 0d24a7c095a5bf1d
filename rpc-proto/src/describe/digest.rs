//! The digest of a description, by which callers recognise one that they have read before: the first half of its
//! SHA-256 (FIPS 180-4), computed by the compiler.

/// The length of a digest in bytes.
pub const DIGEST: usize = 16;

/// The offset at which a device that is asked for its description returns the digest.
pub const DIGEST_OFFSET: u32 = u32::MAX;

/// Returns the digest of a description in pieces.
///
/// ```
/// use rpc_proto::describe::digest;
///
/// let whole = digest(&[b"abc"]);
/// assert_eq!(whole[..4], [0xba, 0x78, 0x16, 0xbf]);
/// assert_eq!(whole, digest(&[b"a", b"", b"bc"]));
/// ```
pub const fn digest(description: &[&[u8]]) -> [u8; DIGEST] {
    let mut hash = Sha256 {
        state: INITIAL,
        block: [0; BLOCK],
        len: 0,
    };
    let mut piece = 0;
    while piece < description.len() {
        let mut index = 0;
        while index < description[piece].len() {
            hash = hash.then(description[piece][index]);
            index += 1;
        }
        piece += 1;
    }
    hash.finish()
}

const BLOCK: usize = 64;
const WORDS: usize = 16;
const ROUNDS: usize = 64;

/// The fractional parts of the square roots of the first 8 primes.
#[rustfmt::skip]
const INITIAL: [u32; 8] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
];

/// The fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const ROUND: [u32; ROUNDS] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

struct Sha256 {
    state: [u32; 8],
    /// The bytes of the block that is not complete yet.
    block: [u8; BLOCK],
    len: u64,
}

impl Sha256 {
    const fn then(mut self, byte: u8) -> Self {
        let index = self.len as usize % BLOCK;
        self.block[index] = byte;
        self.len += 1;
        if index + 1 == BLOCK {
            self.state = compress(self.state, &self.block);
        }
        self
    }

    const fn finish(mut self) -> [u8; DIGEST] {
        let bits = (self.len * 8).to_be_bytes();
        self = self.then(0x80);
        while self.len as usize % BLOCK != BLOCK - bits.len() {
            self = self.then(0);
        }
        let mut index = 0;
        while index < bits.len() {
            self = self.then(bits[index]);
            index += 1;
        }
        let mut digest = [0; DIGEST];
        let mut index = 0;
        while index < DIGEST {
            digest[index] = self.state[index / 4].to_be_bytes()[index % 4];
            index += 1;
        }
        digest
    }
}

const fn compress(state: [u32; 8], block: &[u8; BLOCK]) -> [u32; 8] {
    let mut words = [0; ROUNDS];
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    let mut round = 0;
    while round < ROUNDS {
        words[round] = if round < WORDS {
            let at = 4 * round;
            u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
        } else {
            let (early, late) = (words[round - 15], words[round - 2]);
            let early = early.rotate_right(7) ^ early.rotate_right(18) ^ early >> 3;
            let late = late.rotate_right(17) ^ late.rotate_right(19) ^ late >> 10;
            sum(&[words[round - 16], early, words[round - 7], late])
        };
        let choice = e & f ^ !e & g;
        let majority = a & b ^ a & c ^ b & c;
        let mixed_e = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let mixed_a = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let more = sum(&[h, mixed_e, choice, ROUND[round], words[round]]);
        (a, b, c, d, e, f, g, h) = (
            more.wrapping_add(mixed_a).wrapping_add(majority),
            a,
            b,
            c,
            d.wrapping_add(more),
            e,
            f,
            g,
        );
        round += 1;
    }
    let mut next = [a, b, c, d, e, f, g, h];
    let mut index = 0;
    while index < next.len() {
        next[index] = next[index].wrapping_add(state[index]);
        index += 1;
    }
    next
}

const fn sum(words: &[u32]) -> u32 {
    let mut sum: u32 = 0;
    let mut index = 0;
    while index < words.len() {
        sum = sum.wrapping_add(words[index]);
        index += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_first_half_of_sha_256() {
        let long: [u8; 200] = core::array::from_fn(|index| index as u8);
        for (len, expected) in EXPECTED {
            assert_eq!(
                u128::from_be_bytes(digest(&[&long[..len]])),
                expected,
                "{len}"
            );
        }
    }

    /// Of that many bytes 0, 1, 2…, by another implementation.
    const EXPECTED: [(usize, u128); 8] = [
        (0, 0xe3b0_c442_98fc_1c14_9afb_f4c8_996f_b924),
        (1, 0x6e34_0b9c_ffb3_7a98_9ca5_44e6_bb78_0a2c),
        (55, 0x463e_b28e_72f8_2e0a_96c0_a4cc_5369_0c57),
        (56, 0xda2a_e4d6_b367_48f2_a318_f23e_7ab1_dfdf),
        (63, 0x29af_2686_fd53_374a_36b0_8466_94cc_3421),
        (64, 0xfdea_b9ac_f371_0362_bd26_58cd_c9a2_9e8f),
        (65, 0x4bfd_2c8b_6f1e_ec7a_2afe_b48b_934e_e4b2),
        (200, 0x1901_da1c_9f69_9b48_f6b2_636e_65cb_f73a),
    ];
}

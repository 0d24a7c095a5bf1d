//! Checksums by the RP2040's DMA: its sniffer computes a CRC-32 of what a channel moves.

use core::cell::UnsafeCell;
use core::sync::atomic::{Ordering, fence};
use rp2040_hal::pac::{DMA, RESETS};
use rpc_proto::wire::crc::{Crc32, Engine};

/// The DMA, of which channel 0 moves bytes past the sniffer. Nothing else may use it meanwhile.
pub struct Sniffer(DMA);

/// Where the channel moves the bytes, to be forgotten. Nothing reads it.
struct Sink(UnsafeCell<u8>);

// SAFETY: the program has no reference to what is inside.
unsafe impl Sync for Sink {}

static SINK: Sink = Sink(UnsafeCell::new(0));

/// A channel that waits for no peripheral.
const UNPACED: u8 = 0x3F;

impl Sniffer {
    /// Starts the DMA.
    pub fn start(dma: DMA, resets: &mut RESETS) -> Self {
        resets.reset().modify(|_, w| w.dma().clear_bit());
        while resets.reset_done().read().dma().bit_is_clear() {}
        // The lowest bit of each byte goes first, and the register is read as PROTOCOL.md wants it.
        dma.sniff_ctrl().write(|w| {
            // SAFETY: there is a channel 0.
            unsafe { w.dmach().bits(0) };
            w.en().set_bit().calc().crc32r();
            w.out_rev().set_bit().out_inv().set_bit()
        });
        Self(dma)
    }
}

impl Engine for Sniffer {
    fn then(&self, crc: Crc32, bytes: &[u8]) -> Crc32 {
        // A channel with nothing to move would not end.
        if bytes.is_empty() {
            return crc;
        }
        let (dma, channel) = (&self.0, self.0.ch(0));
        // SAFETY: the channel reads these bytes, and writes to what nobody reads. It has ended when this returns.
        unsafe {
            // The register has its highest bit first, unlike what is read.
            let register = (!crc.value()).reverse_bits();
            dma.sniff_data().write(|w| w.bits(register));
            channel
                .ch_read_addr()
                .write(|w| w.bits(bytes.as_ptr() as u32));
            channel
                .ch_write_addr()
                .write(|w| w.bits(SINK.0.get() as u32));
            channel
                .ch_trans_count()
                .write(|w| w.bits(bytes.len() as u32));
            fence(Ordering::SeqCst);
            channel.ch_ctrl_trig().write(|w| {
                w.treq_sel().bits(UNPACED).chain_to().bits(0);
                w.data_size().size_byte().incr_read().set_bit();
                w.irq_quiet().set_bit().sniff_en().set_bit().en().set_bit()
            });
        }
        while channel.ch_ctrl_trig().read().busy().bit_is_set() {}
        fence(Ordering::SeqCst);
        Crc32::after(dma.sniff_data().read().bits())
    }
}

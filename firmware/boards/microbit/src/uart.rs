//! Splits the HAL's UART in two halves: it cannot be split itself, and an interrupt handler needs
//! one half.

use core::convert::Infallible;
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{ErrorKind, ErrorType, Read, Write};
use embedded_io::{Write as _, WriteReady as _};
use nrf51_hal::Uart;
use nrf51_hal::pac::{Peripherals, UART0};

/// The receiving half.
pub struct Rx(UART0);

/// The sending half.
pub struct Tx(Uart<UART0>);

/// Splits the UART, and enables its interrupt for received bytes.
pub fn split(uart: Uart<UART0>) -> (Rx, Tx) {
    // SAFETY: the HAL's UART is moved to where only writing is possible, and this one accesses no
    // register that writing accesses from then on.
    let receiving = unsafe { Peripherals::steal() }.UART0;
    receiving.intenset.write(|w| w.rxdrdy().set_bit());
    // The HAL waits for an earlier byte to be sent before it sends one, and therefore wrote a zero
    // before it started the transmitter. The chip sends it now; QEMU has forgotten it. A zero ends
    // a frame, and one more between frames does no harm.
    receiving.txd.reset();
    (Rx(receiving), Tx(uart))
}

impl ErrorType for Rx {
    type Error = ErrorKind;
}

impl Read for Rx {
    fn read(&mut self) -> nb::Result<u8, ErrorKind> {
        if self.0.errorsrc.read().overrun().bit_is_set() {
            self.0.errorsrc.write(|w| w.overrun().set_bit());
            return Err(nb::Error::Other(ErrorKind::Overrun));
        }
        if self.0.events_rxdrdy.read().bits() == 0 {
            return Err(nb::Error::WouldBlock);
        }
        // This comes before the byte is fetched: the UART sets it again for the next one right
        // after.
        self.0.events_rxdrdy.reset();
        Ok(self.0.rxd.read().rxd().bits())
    }
}

impl ErrorType for Tx {
    type Error = Infallible;
}

impl Write for Tx {
    fn write(&mut self, byte: u8) -> nb::Result<(), Infallible> {
        self.flush()?;
        self.0.write(&[byte])?;
        Ok(())
    }

    fn flush(&mut self) -> nb::Result<(), Infallible> {
        if self.0.write_ready()? {
            Ok(())
        } else {
            Err(nb::Error::WouldBlock)
        }
    }
}

//! The HAL's UART in two halves: it does not split by itself, and an interrupt handler needs one.

use core::convert::Infallible;
use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{ErrorKind, ErrorType, Read, Write};
use embedded_io::{Write as _, WriteReady as _};
use nrf51_hal::Uart;
use nrf51_hal::pac::{Peripherals, UART0};

/// The half that receives.
pub struct Rx(UART0);

/// The half that sends.
pub struct Tx(Uart<UART0>);

/// Splits the UART, and has it interrupt for received bytes.
pub fn split(uart: Uart<UART0>) -> (Rx, Tx) {
    // SAFETY: the HAL's UART goes where only writing is possible, and no register that writing
    // accesses is accessed through this one from then on.
    let receiving = unsafe { Peripherals::steal() }.UART0;
    receiving.intenset.write(|w| w.rxdrdy().set_bit());
    // The HAL waits for an earlier byte to be out before it sends one, and has sent a zero for that
    // before it started the transmitter. The chip sends it then; QEMU has forgotten it. A zero ends
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
        // Before the byte is fetched: the UART sets it again for the next one right after.
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

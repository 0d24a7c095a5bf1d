//! Wraps the halves of the HAL's UART, which reads and writes only slices, to work byte by byte.

use embedded_hal_nb::nb;
use embedded_hal_nb::serial::{ErrorKind, ErrorType, Read, Write};
use esp_hal::Blocking;
use esp_hal::uart::{RxError, UartRx, UartTx};

/// The receiving half.
pub struct Rx(pub UartRx<'static, Blocking>);

/// The sending half.
pub struct Tx(pub UartTx<'static, Blocking>);

impl ErrorType for Rx {
    type Error = ErrorKind;
}

impl Read for Rx {
    fn read(&mut self) -> nb::Result<u8, ErrorKind> {
        let mut byte = [0];
        match self.0.read_buffered(&mut byte) {
            Ok(0) => Err(nb::Error::WouldBlock),
            Ok(_) => Ok(byte[0]),
            Err(error) => Err(nb::Error::Other(match error {
                RxError::FifoOverflowed => ErrorKind::Overrun,
                RxError::GlitchOccurred => ErrorKind::Noise,
                RxError::FrameFormatViolated => ErrorKind::FrameFormat,
                RxError::ParityMismatch => ErrorKind::Parity,
                _ => ErrorKind::Other,
            })),
        }
    }
}

impl ErrorType for Tx {
    type Error = ErrorKind;
}

impl Write for Tx {
    fn write(&mut self, byte: u8) -> nb::Result<(), ErrorKind> {
        if !self.0.write_ready() {
            return Err(nb::Error::WouldBlock);
        }
        let written = self.0.write(&[byte]);
        written.map(drop).map_err(|_| ErrorKind::Other.into())
    }

    fn flush(&mut self) -> nb::Result<(), ErrorKind> {
        self.0.flush().map_err(|_| ErrorKind::Other.into())
    }
}

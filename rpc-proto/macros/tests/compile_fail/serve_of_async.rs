#[rpc_proto::service]
trait Door {
    async fn open(&mut self);
}

struct Lock;
impl Door for Lock {
    async fn open(&mut self) {}
}

struct Uart;
impl embedded_io::ErrorType for Uart {
    type Error = std::convert::Infallible;
}
impl embedded_io::Read for Uart {
    fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        Ok(1)
    }
}
impl embedded_io::Write for Uart {
    fn write(&mut self, _: &[u8]) -> Result<usize, Self::Error> {
        Ok(1)
    }
    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn main() {
    let mut server = rpc_proto::server::Server::<_, 64, 1>::new(DoorService(Lock));
    let _ = server.serve(&mut Uart);
}

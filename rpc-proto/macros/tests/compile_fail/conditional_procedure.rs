#[rpc_proto::service]
trait Lamp {
    #[cfg(unix)]
    fn set(&mut self, level: u8);
}

fn main() {}

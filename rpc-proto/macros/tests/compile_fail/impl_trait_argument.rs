#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: impl Into<u8>);
}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    const LEVELS: u8;
    fn set(&mut self, level: u8);
}

fn main() {}

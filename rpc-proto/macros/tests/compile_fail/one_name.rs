#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: u8);
    fn set(&mut self, on: bool);
}

fn main() {}

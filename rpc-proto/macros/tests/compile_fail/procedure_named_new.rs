#[rpc_proto::service]
trait Lamp {
    fn new(&mut self) -> u8;
}

fn main() {}

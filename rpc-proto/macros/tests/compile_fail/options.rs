#[rpc_proto::service(name = "lamp")]
trait Lamp {
    fn set(&mut self, level: u8);
}

fn main() {}

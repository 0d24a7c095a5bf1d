#[rpc_proto::service]
trait Lamp {
    fn set(self, level: u8);
}

fn main() {}

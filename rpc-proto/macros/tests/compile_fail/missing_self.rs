#[rpc_proto::service]
trait Lamp {
    fn set(level: u8);
}

fn main() {}

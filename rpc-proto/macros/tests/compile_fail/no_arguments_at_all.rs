#[rpc_proto::service]
trait Lamp {
    fn off();
}

fn main() {}

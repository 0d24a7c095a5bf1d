#[rpc_proto::service]
trait Lamp {}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    #[event]
    fn moved(by: usize);
}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    #[event]
    #[idempotent]
    fn moved(open: bool);
}

fn main() {}

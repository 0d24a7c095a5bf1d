#[rpc_proto::service]
trait Lamp {
    #[event]
    fn moved(open: bool) -> u8;
}

fn main() {}

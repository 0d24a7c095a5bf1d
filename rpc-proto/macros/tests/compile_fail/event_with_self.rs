#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: u8);
    #[event]
    fn moved(&self, open: bool);
}

fn main() {}

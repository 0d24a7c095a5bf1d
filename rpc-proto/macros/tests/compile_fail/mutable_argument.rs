#[rpc_proto::service]
trait Lamp {
    fn level(&mut self, level: &mut u8);
}

fn main() {}

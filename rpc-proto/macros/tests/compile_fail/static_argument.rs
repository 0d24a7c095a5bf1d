#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, mode: &'static str);
}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: usize) -> Option<isize>;
}

fn main() {}

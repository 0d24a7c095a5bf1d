#[rpc_proto::service]
trait Lamp {
    fn set<T>(&mut self, level: T);
}

fn main() {}

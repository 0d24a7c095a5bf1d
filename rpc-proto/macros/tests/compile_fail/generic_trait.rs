#[rpc_proto::service]
trait Lamp<T> {
    fn set(&mut self, level: T);
}

fn main() {}

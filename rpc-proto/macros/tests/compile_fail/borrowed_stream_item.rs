#[rpc_proto::service]
trait Recorder {
    fn names(&mut self) -> impl Iterator<Item = &str>;
}

fn main() {}

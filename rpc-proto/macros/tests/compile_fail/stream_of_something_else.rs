#[rpc_proto::service]
trait Recorder {
    fn names(&mut self) -> impl Clone;
}

fn main() {}

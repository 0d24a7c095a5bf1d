#[rpc_proto::service]
trait Screen {
    fn show(&mut self, text: String);
    fn rows(&self) -> Vec<u16>;
}

fn main() {}

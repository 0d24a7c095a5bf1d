#[rpc_proto::service]
trait Screen {
    fn show(&mut self, picture: &[u16]);
    fn hide(&mut self, picture: [u8; 64]);
    fn rows(&self) -> heapless::Vec<[u16; 33], 2>;
}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    fn off(&mut self);
}

struct Board;
impl Lamp for Board {
    fn off(&mut self) {}
}

fn main() {
    LampClient::new(Board);
    LampAsyncClient::new(Board);
}

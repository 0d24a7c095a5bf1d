#[rpc_proto::service]
trait Lamp {
    fn off(&mut self);
}

struct Board;
impl Lamp for Board {
    fn off(&mut self) {}
}

fn main() {
    let mut server = rpc_proto::server::Server::<_, 16, 1>::new(LampService(Board));
    server.receive(0);
}

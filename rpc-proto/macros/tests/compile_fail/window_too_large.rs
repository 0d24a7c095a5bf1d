#[rpc_proto::service]
trait Lamp {
    fn off(&mut self);
}

struct Board;
impl Lamp for Board {
    fn off(&mut self) {}
}

static SERVER: rpc_proto::server::Server<LampService<Board>, 64, 16> =
    rpc_proto::server::Server::new(LampService(Board));

fn main() {}

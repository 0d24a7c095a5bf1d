#[rpc_proto::service]
trait Lamp {
    fn off(&mut self);
}

struct Board;
impl Lamp for Board {
    fn off(&mut self) {}
}

fn main() {
    type Server = rpc_proto::server::Server<LampService<Board>, 64, 1, u8>;
    let _: Option<Server> = None;
}

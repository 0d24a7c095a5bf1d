#[rpc_proto::service]
trait Door {
    async fn open(&mut self);
}

struct Lock;
impl Door for Lock {
    async fn open(&mut self) {}
}

fn main() {
    let mut server = rpc_proto::server::Server::<_, 64, 1>::new(DoorService(Lock));
    server.receive(0);
}

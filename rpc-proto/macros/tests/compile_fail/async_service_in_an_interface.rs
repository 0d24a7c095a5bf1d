#[rpc_proto::service]
trait Door {
    async fn open(&mut self);
}

struct Lock;
impl Door for Lock {
    async fn open(&mut self) {}
}

rpc_proto::interface! {
    struct Gate("gate", "1.0.0") {
        door: DoorService<Lock>,
    }
}

fn main() {}

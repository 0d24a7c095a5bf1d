#[rpc_proto::service]
trait Lamp {
    fn off(&mut self);
}

struct Board;
impl Lamp for Board {
    fn off(&mut self) {}
}

rpc_proto::interface! {
    async struct Desk("desk", "1.0.0") {
        lamp: Board,
    }
}

fn main() {}

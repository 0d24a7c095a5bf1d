#[rpc_proto::service]
trait Lamp {
    async fn set(&mut self, level: u8);
}

fn main() {}

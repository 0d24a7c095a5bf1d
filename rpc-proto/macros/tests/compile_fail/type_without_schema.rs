#[derive(serde::Serialize, serde::Deserialize)]
struct Level(u8);

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: Level);
}

fn main() {}

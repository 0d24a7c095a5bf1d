#[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
struct Level(usize);

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: Level);
}

fn main() {}

use rpc_proto::service::Items;

#[rpc_proto::service]
trait Recorder {
    fn doubled(&mut self, items: Items<'_, i32>) -> impl Iterator<Item = i32>;
}

fn main() {}

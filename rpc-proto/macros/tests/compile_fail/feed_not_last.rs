use rpc_proto::service::Items;

#[rpc_proto::service]
trait Recorder {
    fn record(&mut self, items: Items<'_, i32>, scale: i32);
}

fn main() {}

use rpc_proto::service::Items;

#[rpc_proto::service]
trait Recorder {
    fn record(&mut self, names: Items<'_, &str>) -> &str;
}

fn main() {}

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, (level, on): (u8, bool)) {
        let _ = (level, on);
    }
}

fn main() {}

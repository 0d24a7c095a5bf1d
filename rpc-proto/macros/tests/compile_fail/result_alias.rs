type Result<T> = core::result::Result<T, u8>;

#[rpc_proto::service]
trait Lamp {
    fn set(&mut self, level: u8) -> Result<()>;
}

fn main() {}

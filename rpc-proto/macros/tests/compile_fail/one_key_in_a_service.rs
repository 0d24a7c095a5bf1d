// Found by trying names: both paths and types together have the CRC-32 0x0612d1af.
#[rpc_proto::service]
trait S {
    fn high_clock_stop(&mut self);
    fn mode_reset_get(&mut self);
}

fn main() {}

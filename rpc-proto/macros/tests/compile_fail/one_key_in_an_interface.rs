// Found by trying names: both paths and types together have the CRC-32 0xf0921aa7.
#[rpc_proto::service]
trait CloseListArm {
    fn go(&mut self);
}

#[rpc_proto::service]
trait StepCountSound {
    fn go(&mut self);
}

struct Board;
impl CloseListArm for Board {
    fn go(&mut self) {}
}
impl StepCountSound for Board {
    fn go(&mut self) {}
}

rpc_proto::interface! {
    struct Both("both", "1.0.0") {
        close: CloseListArmService<Board>,
        step: StepCountSoundService<Board>,
    }
}

fn main() {}

mod ceiling {
    #[rpc_proto::service]
    pub trait HTTPLamp {
        fn set(&mut self, on: bool);
    }
}
mod desk {
    #[rpc_proto::service]
    pub trait HttpLamp {
        fn set(&mut self, level: u8);
    }
}

struct Board;
impl ceiling::HTTPLamp for Board {
    fn set(&mut self, _on: bool) {}
}
impl desk::HttpLamp for Board {
    fn set(&mut self, _level: u8) {}
}

rpc_proto::interface! {
    struct Both("both", "1.0.0") {
        ceiling: ceiling::HTTPLampService<Board>,
        desk: desk::HttpLampService<Board>,
    }
}

fn main() {}

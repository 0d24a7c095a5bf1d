mod door {
    #[derive(serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
    pub struct DoorMoved(pub bool);

    #[rpc_proto::service]
    pub trait Door {
        fn open_1(&mut self);
        fn open1(&mut self);
        fn caller(&self) -> u8;
        fn last(&self) -> DoorMoved;
        #[event]
        fn moved(open: bool);
        #[event]
        fn client();
    }
}

fn main() {}

use rpc_proto::events::Emit;

#[rpc_proto::service]
trait Door {
    #[event]
    fn moved(open: bool);
}

struct Bolt;

fn main() {
    tell(&Bolt);
}

fn tell(events: &impl Emit) {
    events.emit(&DoorMoved { open: true });
}

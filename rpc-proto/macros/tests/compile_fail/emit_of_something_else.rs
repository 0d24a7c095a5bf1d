use rpc_proto::events::{Emit, EventQueue};

static EVENTS: EventQueue<64> = EventQueue::new();

struct Bolt;

fn main() {
    EVENTS.emit(&Bolt);
}

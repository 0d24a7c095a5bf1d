//! The interfaces that tests call are described from their source as the compiler describes them.
//!
//! What source can say is tried in `host-cli/source/tests`.

use rpc_proto::service::StaticInterface;
use std::path::Path;
use tests::counter::CounterService;
use tests::tally::TallyService;
use tests::waiting_counter::WaitingCounterService;

#[track_caller]
fn assert_described<I: StaticInterface>(file: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    let read = serial_rpc_source::description(file).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read, I::DESCRIPTION.concat());
}

#[test]
fn the_counters_are_described_as_they_describe_themselves() {
    assert_described::<CounterService<()>>("counter.rs");
    assert_described::<WaitingCounterService<()>>("waiting_counter.rs");
}

#[test]
fn an_interface_among_others_is_found_by_its_file() {
    assert_described::<TallyService<()>>("tally.rs");
}

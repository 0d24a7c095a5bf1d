//! Tests the claims of the fault table about this protocol.

use tests::fault_table::{self, CALLS, Row, SEEDS};

#[test]
fn on_no_link_of_the_table_is_a_call_wrong_or_lost_or_run_twice() {
    let calls = CALLS as u64 * SEEDS.len() as u64;
    for (name, faults) in fault_table::links() {
        let row = fault_table::serial_rpc(faults);
        let perfect = Row {
            right: calls,
            runs: calls,
            resent: row.resent,
            ..Row::default()
        };
        assert_eq!(row, perfect, "{name}");
    }
}

//! Says why the other tests of this package are missing, where they are.

#[test]
#[cfg_attr(
    not(c_compiler),
    ignore = "no C compiler is installed: sudo apt install gcc"
)]
fn the_types_of_the_c_library_are_as_large_here_as_they_are_there() {
    #[cfg(c_compiler)]
    for (here, there) in [c_library::sys::sizes(), c_library::client::sys::sizes()].concat() {
        assert_eq!(here, there);
    }
}

#[test]
#[cfg_attr(
    not(every_pairing),
    ignore = "takes minutes: set SERIAL_RPC_BOARDS=all to run the tests of one end in C and the other in Rust"
)]
fn the_tests_of_one_end_in_c_and_the_other_in_rust_are_here() {
    #[cfg(not(every_pairing))]
    panic!("they are compiled with SERIAL_RPC_BOARDS=all only");
}

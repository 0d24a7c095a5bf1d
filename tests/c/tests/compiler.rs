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

//! A large service: what the compiler does for it grows with it, and no faster.
//!
//! The description, its fingerprint, its digest and the keys are computed by the compiler, which copies a value
//! each time that a `const fn` takes or returns it. A description that goes from function to function
//! costs the square of its length.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs, process};

/// The processor time that a compiler may take. It needs a third of it.
const CPU_SECONDS: u32 = 60;

/// The lines of each procedure's doc comment.
const DOC_LINES: u32 = 16;

/// Writes a program with a service of so many procedures.
fn program(procedures: u32) -> String {
    let mut source = String::from(
        "/// The mistakes that a calculation can have.\n\
         #[derive(Debug, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]\n\
         pub enum Mistake { Overflow, DivideByZero, NegativeRoot, NoSamples }\n\
         /// A calculator with many procedures.\n\
         #[rpc_proto::service]\n\
         pub trait Calculator {\n",
    );
    for number in 0..procedures {
        for line in 1..=DOC_LINES {
            writeln!(
                source,
                "    /// Line {line} of what there is to say about procedure {number}."
            )
            .expect("a string takes it");
        }
        writeln!(
            source,
            "    fn add_{number}(&mut self, left: i32, right: i32) -> Result<i32, Mistake>;"
        )
        .expect("a string takes it");
    }
    source
        + "}\n\
           type Served = CalculatorService<()>;\n\
           fn main() { let _ = <Served as rpc_proto::service::StaticInterface>::DIGEST; }\n"
}

/// The compiler's own limit of steps, `long_running_const_eval`, counts a copy as one step whatever its
/// size. So the time is limited, too: that of the processor, however busy it is.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs `prlimit`")]
fn two_hundred_procedures_compile_in_time_and_steps_that_the_compiler_has() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two_hundred_procedures.rs");
    fs::write(&file, program(200)).expect("a folder for the test");
    let limited = Command::new("prlimit")
        .args(["--pid", &process::id().to_string()])
        .arg(format!("--cpu={CPU_SECONDS}"))
        .status();
    assert!(limited.is_ok_and(|status| status.success()));
    trybuild::TestCases::new().pass(file);
}

//! Trials that can find out at run time that a tool is missing.
//!
//! The built-in test harness cannot do that, so tests that need an emulator or another target use
//! libtest-mimic's. With `SERIAL_RPC_REQUIRE_EMULATOR=1` they fail instead, so that no CI passes by
//! skipping them.
//!
//! Of the boards only the LM3S6965 is built and emulated by default. `SERIAL_RPC_BOARDS=all` adds the
//! others, and the other tests that build firmware from scratch.

use libtest_mimic::{Completion, Failed, Trial};
use std::env;
use std::process::Command;

/// Creates a trial that builds firmware from scratch, which takes minutes: it is ignored unless
/// `SERIAL_RPC_BOARDS` is `all`, or if `missing` returns a reason for it.
pub fn slow_trial(
    name: &str,
    missing: impl FnOnce() -> Option<String> + Send + 'static,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    if env::var_os("SERIAL_RPC_BOARDS").is_some_and(|value| value == "all") {
        return trial(name, missing, test);
    }
    Trial::ignorable_test(name, || {
        let reason = "builds more firmware: set SERIAL_RPC_BOARDS=all to run it";
        Ok(Completion::ignored_with(reason))
    })
}

/// Creates a trial that is ignored if `missing` returns a reason for it.
pub fn trial(
    name: &str,
    missing: impl FnOnce() -> Option<String> + Send + 'static,
    test: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || {
        let required = env::var_os("SERIAL_RPC_REQUIRE_EMULATOR").is_some_and(|value| value == "1");
        match missing() {
            Some(reason) if required => Err(reason.into()),
            Some(reason) => Ok(Completion::ignored_with(reason)),
            None => test().map(|()| Completion::Completed),
        }
    })
}

/// Returns the reason why nothing can be signed here, with a remedy.
#[must_use]
pub fn missing_openssl() -> Option<String> {
    let version = Command::new("openssl").arg("version").output();
    let works = version.is_ok_and(|output| output.status.success());
    (!works).then(|| "openssl is not installed: sudo apt install openssl".to_owned())
}

//! Writes out the C library and compiles it, if there is a C compiler. Without one, the tests report themselves as ignored.

use std::env;
use std::fs;
use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SERIAL_RPC_REQUIRE_EMULATOR");
    println!("cargo::rerun-if-env-changed=SERIAL_RPC_BOARDS");
    println!("cargo::rerun-if-env-changed=SERIAL_RPC_C_FLAGS");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    let source = folder.join(serial_rpc_c::SOURCE_NAME);
    fs::write(
        folder.join(serial_rpc_c::HEADER_NAME),
        serial_rpc_c::header(),
    )
    .expect("the header can be written");
    fs::write(&source, serial_rpc_c::source()).expect("the source can be written");

    // The demonstration device in C.
    let calculator = PathBuf::from("../../firmware/c/calculator");
    let files = fs::read_dir(&calculator).expect("the folder is there");
    let files = files.map(|file| file.expect("it can be read").path());
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "c");
    let mut build = cc::Build::new();
    build.std("c99").files([
        source,
        "layout.c".into(),
        "sequences.c".into(),
        "typed_client.c".into(),
    ]);
    build
        .files(files.filter(is_source))
        .warnings_into_errors(true);
    build.include(&folder).include(&calculator);
    println!("cargo::rerun-if-changed=layout.c");
    println!("cargo::rerun-if-changed=sequences.c");
    println!("cargo::rerun-if-changed=typed_client.c");
    println!("cargo::rerun-if-changed={}", calculator.display());
    for flag in ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion"] {
        build.flag(flag);
    }
    // `SERIAL_RPC_C_FLAGS=-fsanitize=address,undefined cargo test -p c-library` has gcc's sanitizers watch.
    if let Ok(flags) = env::var("SERIAL_RPC_C_FLAGS") {
        for flag in flags.split_whitespace() {
            build.flag(flag);
            // The compiler would link these itself, but rustc leaves it no libraries of its own.
            for sanitizer in flag
                .strip_prefix("-fsanitize=")
                .into_iter()
                .flat_map(|of| of.split(','))
            {
                let library = match sanitizer {
                    "address" => "-lasan",
                    _ => "-lubsan",
                };
                println!("cargo::rustc-link-arg-tests=-Wl,--no-as-needed,{library}");
            }
        }
    }
    let is_required = env::var_os("SERIAL_RPC_REQUIRE_EMULATOR").is_some_and(|value| value == "1");
    let compiler = build.try_get_compiler();
    let works = compiler.is_ok_and(|compiler| {
        let version = compiler.to_command().arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    assert!(
        works || !is_required,
        "no C compiler is installed: sudo apt install gcc"
    );
    if works {
        build.compile("serial_rpc");
        println!("cargo::rustc-cfg=c_compiler");
        // With one end in C and the other in Rust, the tests of lines and the model check take minutes more.
        let all = env::var_os("SERIAL_RPC_BOARDS").is_some_and(|value| value == "all");
        if all || is_required {
            println!("cargo::rustc-cfg=every_pairing");
        }
    }
}

//! Tests the C library as build systems take it: as a target of CMake, a module of Zephyr, a library of PlatformIO.
//! (The one for Arduino is in `arduino.rs`, for its sketch runs.)
//!
//! Zephyr itself is in no package registry, so declarations in `tests/zephyr` stand in for it. If CMake or a compiler is
//! missing, these tests are ignored and say why; see `tests::ignorable`.
#![cfg(unix)]

use libtest_mimic::{Arguments, Failed};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use tests::ignorable;

fn main() -> ExitCode {
    let trials = vec![
        ignorable::trial(
            "a_program_is_built_with_the_target_of_cmake",
            missing,
            a_program_is_built_with_the_target_of_cmake,
        ),
        ignorable::trial(
            "the_sample_for_zephyr_is_built_against_its_declarations",
            missing,
            the_sample_for_zephyr_is_built_against_its_declarations,
        ),
        ignorable::trial(
            "the_package_for_platformio_has_what_it_names",
            || None,
            the_package_for_platformio_has_what_it_names,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Returns the reason why nothing can be built by CMake here, with a remedy.
fn missing() -> Option<String> {
    let works = ["cmake", "make", "cc"].into_iter().all(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    (!works)
        .then(|| "cmake or a C compiler is not installed: sudo apt install cmake gcc".to_owned())
}

/// Returns the folder of the firmware in C.
fn library() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::canonicalize(repository.join("firmware/c")).expect("it is there")
}

/// Configures and builds a project with these settings, in an empty folder, which it returns.
fn build(project: &Path, settings: &[String]) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let (source, build) = (["-S".as_ref(), project], ["-B".as_ref(), folder.path()]);
    run(Command::new("cmake")
        .args(source)
        .args(build)
        .args(settings))?;
    run(Command::new("cmake").arg("--build").arg(folder.path()))?;
    Ok(folder)
}

fn run(command: &mut Command) -> Result<(), Failed> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&said)).into())
}

fn a_program_is_built_with_the_target_of_cmake() -> Result<(), Failed> {
    let project = tempfile::tempdir()?;
    let lists = format!(
        "cmake_minimum_required(VERSION 3.13)\n\
         project(firmware LANGUAGES C)\n\
         add_subdirectory({} serial_rpc)\n\
         add_executable(firmware main.c)\n\
         target_link_libraries(firmware serial_rpc)\n",
        library().display()
    );
    fs::write(project.path().join("CMakeLists.txt"), lists)?;
    // The check value of CRC-32, from a table of the size that was asked for.
    let main = "#include \"serial_rpc.h\"\n\
                int main(void)\n\
                {\n\
                    const uint8_t digits[] = \"123456789\";\n\
                    const bool is_set = SRPC_MAX_FRAME == 128 && SRPC_CRC_TABLE == 256;\n\
                    return is_set && srpc_crc(0, digits, 9) == 0xCBF43926u ? 0 : 1;\n\
                }\n";
    fs::write(project.path().join("main.c"), main)?;
    let settings = ["-DSERIAL_RPC_MAX_FRAME=128", "-DSERIAL_RPC_CRC_TABLE=256"];
    let built = build(project.path(), &settings.map(str::to_owned))?;
    run(&mut Command::new(built.path().join("firmware")))
}

fn the_sample_for_zephyr_is_built_against_its_declarations() -> Result<(), Failed> {
    let zephyr = Path::new(env!("CARGO_MANIFEST_DIR")).join("zephyr");
    let settings = [
        format!("-DZephyr_DIR={}", zephyr.display()),
        format!("-DZEPHYR_EXTRA_MODULES={}", library().display()),
    ];
    let built = build(&library().join("zephyr/samples/lamp"), &settings)?;
    // The module's sources were among them.
    let objects = built.path().join("CMakeFiles/app.dir");
    assert!(objects.join("src/main.c.o").is_file());
    let compiled = Command::new("find").arg(&objects).output()?;
    assert!(String::from_utf8_lossy(&compiled.stdout).contains("library/server.c.o"));
    Ok(())
}

fn the_package_for_platformio_has_what_it_names() -> Result<(), Failed> {
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(library().join("library.json"))?)?;
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let place = |name: &str| {
        manifest["build"][name]
            .as_str()
            .map(|it| library().join(it))
    };
    let (sources, headers) = (place("srcDir"), place("includeDir"));
    let sources = sources.ok_or("it names no sources")?;
    assert!(sources.join("server.c").is_file());
    let header = manifest["headers"].as_str().ok_or("it names no header")?;
    assert!(headers.ok_or("it names no headers")?.join(header).is_file());
    let properties = fs::read_to_string(library().join("arduino/library.properties"))?;
    let version = format!("version={}\n", env!("CARGO_PKG_VERSION"));
    assert!(properties.contains(&version), "{properties}");
    Ok(())
}

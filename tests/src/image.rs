//! Builds firmware images and measures their size.
//!
//! Their packages are outside of the workspace, so that Cargo does not build them for the tests by
//! itself.

use crate::arduino;
use object::{Object, ObjectSection, ObjectSymbol};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A variable with a number in the compiler's environment.
pub type Setting = (&'static str, usize);

/// A package of firmware images.
pub struct Images {
    folder: &'static str,
    builder: Builder,
    built: OnceLock<Result<PathBuf, String>>,
    /// Held while a binary is built in another way than with the package.
    building: Mutex<()>,
}

/// The program that builds a package.
enum Builder {
    /// Cargo, for that target, at that level.
    Cargo {
        target: &'static str,
        opt_level: &'static str,
    },
    /// Make, with GCC for bare-metal ARM.
    Make,
    /// Arduino's builder, of the library's example.
    Arduino,
}

/// The compiler of the firmware in C.
const ARM_GCC: &str = "arm-none-eabi-gcc";

impl Images {
    /// Selects the folder of firmware in C, with a Makefile that takes the folder for its images as `OUT`.
    #[must_use]
    pub const fn in_c(folder: &'static str) -> Self {
        Self::built_by(folder, Builder::Make)
    }

    /// Selects the folder of an Arduino library.
    #[must_use]
    pub const fn of_sketch(folder: &'static str) -> Self {
        Self::built_by(folder, Builder::Arduino)
    }

    /// Selects the package in that folder of the repository, for that target, optimised for size.
    #[must_use]
    pub const fn of(folder: &'static str, target: &'static str) -> Self {
        Self::optimised(folder, target, "s")
    }

    /// Does the same with any of Cargo's `opt-level`s.
    #[must_use]
    pub const fn optimised(
        folder: &'static str,
        target: &'static str,
        opt_level: &'static str,
    ) -> Self {
        Self::built_by(folder, Builder::Cargo { target, opt_level })
    }

    const fn built_by(folder: &'static str, builder: Builder) -> Self {
        Self {
            folder,
            builder,
            built: OnceLock::new(),
            building: Mutex::new(()),
        }
    }

    /// Returns the ELF file of one of the package's binaries; the first call in a process builds
    /// them all.
    ///
    /// # Errors
    /// Returns the builder's output if it fails.
    pub fn image(&self, binary: &str) -> Result<PathBuf, String> {
        let built = self.built.get_or_init(|| self.build(&[], &[]));
        Ok(built.as_ref().map_err(String::clone)?.join(binary))
    }

    /// Returns the ELF file of a binary that is compiled with these settings in the environment.
    ///
    /// # Errors
    /// Returns the builder's output if it fails, or the reason why the file cannot be kept.
    pub fn image_with(&self, binary: &str, settings: &[Setting]) -> Result<PathBuf, String> {
        // The whole package comes first, or building it later would undo this build.
        let built = self.image(binary)?;
        let _building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        self.build(&["--bin", binary], settings)?;
        let setting = |(name, value): &Setting| format!("-{name}-{value}");
        let suffix: String = settings.iter().map(setting).collect();
        // Under a name of its own, because a build with other settings replaces it.
        let kept = built.with_file_name(format!("{binary}{suffix}"));
        fs::copy(&built, &kept).map_err(|error| error.to_string())?;
        Ok(kept)
    }

    /// Builds the package, or these of Cargo's selections from it, and returns the folder with the images.
    fn build(&self, what: &[&str], settings: &[Setting]) -> Result<PathBuf, String> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let folder = repository.join("target").join(self.folder);
        let (mut command, images) = match self.builder {
            Builder::Cargo { target, opt_level } => {
                // A folder for each level, or one build would undo the other.
                let folder = folder.join(opt_level);
                let mut cargo =
                    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
                cargo
                    .args(["build", "--release", "--target", target])
                    .args(what)
                    .arg("--target-dir")
                    .arg(&folder)
                    // One folder for all that is not an image, so that what packages share is built once. A
                    // Cargo before 1.91 does not know it, and builds it for each.
                    .env("CARGO_BUILD_BUILD_DIR", repository.join("target/images"))
                    // Flags for the tests would replace those that link the image.
                    .env_remove("RUSTFLAGS")
                    .env_remove("CARGO_ENCODED_RUSTFLAGS")
                    .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level);
                (cargo, folder.join(target).join("release"))
            }
            Builder::Make => {
                let mut make = Command::new("make");
                make.arg(format!("OUT={}", folder.display()));
                (make, folder)
            }
            Builder::Arduino => return arduino::build(&repository.join(self.folder), &folder),
        };
        let output = command
            .current_dir(repository.join(self.folder))
            .envs(
                settings
                    .iter()
                    .map(|(name, value)| (name, value.to_string())),
            )
            .output()
            .map_err(|error| format!("{command:?} does not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(images)
    }

    /// Returns parts of names that only an allocator has.
    #[must_use]
    pub const fn allocator(&self) -> &'static [&'static str] {
        match self.builder {
            // Rust calls an allocator by these names only; some chips have a `malloc` in their boot ROM.
            Builder::Cargo { .. } => &["__rust_alloc", "__rg_alloc"],
            Builder::Make | Builder::Arduino => &["malloc", "sbrk"],
        }
    }

    /// Returns the reason why this package cannot be built here, with a remedy.
    #[must_use]
    pub fn missing_target(&self) -> Option<String> {
        let target = match self.builder {
            Builder::Cargo { target, .. } => target,
            Builder::Make => return missing_arm_gcc(),
            Builder::Arduino => return arduino::missing(),
        };
        let libraries = Command::new("rustc")
            .args(["--print", "target-libdir", "--target", target])
            .output()
            .ok()
            .filter(|output| output.status.success())
            .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        match libraries {
            Some(folder) if folder.is_dir() => None,
            _ => Some(format!(
                "Rust's target {target} is not installed: rustup target add {target}"
            )),
        }
    }
}

/// Returns the reason why no firmware in C can be built here for ARM, with a remedy.
#[must_use]
pub fn missing_arm_gcc() -> Option<String> {
    let works = [ARM_GCC, "make"].into_iter().all(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    (!works).then(|| {
        format!(
            "{ARM_GCC} is not installed: \
             sudo apt install make gcc-arm-none-eabi libnewlib-arm-none-eabi"
        )
    })
}

/// The size of an image on a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Code, constants and initial values; without the vector table, which every image has.
    pub flash: u64,
    /// Memory that is taken from the start.
    pub ram: u64,
}

/// Measures an image.
///
/// # Errors
/// Fails if the file cannot be read or is not an ELF file.
pub fn size(image: &Path) -> Result<Size, String> {
    let file = fs::read(image).map_err(|error| error.to_string())?;
    let elf = object::File::parse(&*file).map_err(|error| error.to_string())?;
    let bytes = |names: &[&str]| {
        let sections = elf.sections();
        let named = sections.filter(|section| section.name().is_ok_and(|it| names.contains(&it)));
        named.map(|section| section.size()).sum()
    };
    Ok(Size {
        flash: bytes(&[".text", ".rodata", ".data"]),
        ram: bytes(&[".data", ".bss"]),
    })
}

/// Returns the symbols of an image whose name contains one of `parts`.
///
/// # Errors
/// Fails if the file cannot be read, is not an ELF file, or has lost its symbols.
pub fn symbols_with(image: &Path, parts: &[&str]) -> Result<Vec<String>, String> {
    let file = fs::read(image).map_err(|error| error.to_string())?;
    let elf = object::File::parse(&*file).map_err(|error| error.to_string())?;
    let names: Vec<&str> = elf
        .symbols()
        .filter_map(|symbol| symbol.name().ok())
        .collect();
    if !names.contains(&"main") {
        return Err("the image has lost its symbols".to_owned());
    }
    let found = names
        .into_iter()
        .filter(|name| parts.iter().any(|part| name.contains(part)));
    Ok(found.map(str::to_owned).collect())
}

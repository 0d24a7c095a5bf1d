//! Tests firmware updates of an emulated board that keeps its flash: its boot loader, the service over its
//! UART, and the program that updates it.
//!
//! If QEMU, OpenSSL or the board's Rust target is missing, or unless `SERIAL_RPC_BOARDS=all` is set, these
//! tests are ignored and say why; see `tests::ignorable`.
#![cfg(unix)]

use firmware::calculator::CalculatorClient;
use libtest_mimic::{Arguments, Failed, Trial};
use rpc_proto::client::CallError;
use rpc_proto::services::update::{ImageInfo, SlotState, UpdateClient, UpdateError, Which};
use rpc_proto::wire::crc::Crc32;
use serial_rpc::{Connection, Options, Port};
use serial_rpc_image::Image;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::ptr;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::board::{IMAGE, MICROBIT_UPDATE};
use tests::calculator;
use tests::ignorable;
use tests::image::{self, Setting};
use tests::line::{Faults, Line, Pace, SplitMix64};
use tests::powered::Powered;
use tests::program::{Outcome, program, serial_rpc};
use tests::pty::Pty;
use tests::running::Running;

/// How long the power is off when it is cut.
const OFF: Duration = Duration::from_millis(20);

/// How often the update is killed, and by which random numbers.
const KILLS: u32 = 20;
const SEED: u64 = 14;

/// The longest time between two kills.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The time until the board restarts, and about that which the emulator takes to swap its images.
const RESTART: Duration = Duration::from_millis(100);
const SWAP: Duration = Duration::from_millis(30);

/// Signs an image.
const SIGN: &str = "openssl dgst -sha512 -binary -out sha512 bin &&
    openssl pkeyutl -sign -rawin -inkey \"$KEY\" -in sha512 -out sig";

/// The product of another image.
const OTHER_PRODUCT: &str = "coffee-maker";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let releases = Arc::new(Releases::default());
    let trial = |name, test| trial(name, Arc::clone(&releases), test);
    let trials = vec![
        trial("the_images_have_no_allocator", the_images_have_no_allocator),
        trial(
            "the_boot_loader_starts_the_application_after_each_power_cut",
            the_boot_loader_starts_the_application_after_each_power_cut,
        ),
        trial(
            "one_command_updates_a_board_over_a_noisy_line_killed_twenty_times_on_the_way",
            one_command_updates_a_board_over_a_noisy_line_killed_twenty_times_on_the_way,
        ),
        trial(
            "a_swap_that_is_cut_off_again_and_again_leaves_a_whole_image",
            a_swap_that_is_cut_off_again_and_again_leaves_a_whole_image,
        ),
        trial(
            "an_image_that_is_not_confirmed_is_gone_after_a_power_cut",
            an_image_that_is_not_confirmed_is_gone_after_a_power_cut,
        ),
        trial(
            "an_image_that_nobody_confirms_is_gone_when_its_trial_has_ended",
            an_image_that_nobody_confirms_is_gone_when_its_trial_has_ended,
        ),
        trial(
            "an_image_that_was_confirmed_can_be_taken_back",
            an_image_that_was_confirmed_can_be_taken_back,
        ),
        trial(
            "the_board_refuses_an_image_with_the_signature_of_another",
            the_board_refuses_an_image_with_the_signature_of_another,
        ),
        trial(
            "program_and_board_refuse_an_image_for_another_product",
            program_and_board_refuse_an_image_for_another_product,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: &str, releases: Arc<Releases>, test: fn(&Releases) -> Result<(), Failed>) -> Trial {
    let missing = || {
        MICROBIT_UPDATE
            .missing_target()
            .or_else(|| MICROBIT_UPDATE.missing_emulator())
            .or_else(ignorable::missing_openssl)
    };
    ignorable::slow_trial(name, missing, move || test(&releases))
}

/// Versions of the application, each built when it is needed first.
#[derive(Default)]
struct Releases {
    one: OnceLock<Result<Release, String>>,
    two: OnceLock<Result<Release, String>>,
}

impl Releases {
    fn one(&self) -> Result<&Release, Failed> {
        Self::get(&self.one, 1)
    }

    fn two(&self) -> Result<&Release, Failed> {
        Self::get(&self.two, 2)
    }

    fn get(built: &OnceLock<Result<Release, String>>, version: usize) -> Result<&Release, Failed> {
        let build = || Release::build(version, &[]).map_err(|error| format!("{error:?}"));
        Ok(built.get_or_init(build).as_ref().map_err(String::clone)?)
    }

    /// Switches on a board with version 1.
    fn start(&self) -> Result<(Powered, Pty), Failed> {
        let board = self.one()?.start()?;
        let pty = Pty::bridge(board.uart())?;
        Ok((board, pty))
    }
}

/// An image and its signature, as files.
struct Release {
    folder: TempDir,
    image: Image,
}

impl Release {
    /// Builds a version, and signs it with the board's key as its README says.
    fn build(version: usize, settings: &[Setting]) -> Result<Self, Failed> {
        let settings = [&[("FIRMWARE_VERSION", version)], settings].concat();
        let elf = MICROBIT_UPDATE.images().image_with(IMAGE, &settings)?;
        Self::sign(fs::read(elf)?)
    }

    fn sign(file: Vec<u8>) -> Result<Self, Failed> {
        let key = "../firmware/boards/microbit-update/update_key.pem";
        let key = Path::new(env!("CARGO_MANIFEST_DIR")).join(key);
        let folder = TempDir::with_prefix("serial-rpc-")?;
        let image = Image::read(&file)?;
        fs::write(folder.path().join("image"), file)?;
        fs::write(folder.path().join("bin"), &image.bytes)?;
        let output = Command::new("sh")
            .args(["-c", SIGN])
            .env("KEY", key)
            .current_dir(&folder)
            .output()?;
        assert!(output.status.success(), "{output:?}");
        Ok(Self { folder, image })
    }

    /// Makes the same image for another product, and signs it.
    fn for_another_product(&self) -> Result<Self, Failed> {
        let mut file = fs::read(self.path("image"))?;
        let info = ImageInfo::find(&self.image.bytes).ok_or("the image names no product")?;
        let info = info.as_bytes().as_slice();
        let place = file.windows(info.len()).position(|bytes| bytes == info);
        let place = place.ok_or("the file does not have the image's bytes")?;
        let other = ImageInfo::new(OTHER_PRODUCT, "2");
        file[place..][..info.len()].copy_from_slice(other.as_bytes());
        Self::sign(file)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the words of the command that updates a board to this image.
    fn command(&self) -> [String; 4] {
        let path = |name| self.path(name).to_string_lossy().into_owned();
        let [image, signature] = ["image", "sig"].map(path);
        [
            "update".to_owned(),
            image,
            "--signature".to_owned(),
            signature,
        ]
    }

    fn start_update(&self, port: &str) -> Running {
        Running::start(port, &self.command().each_ref().map(String::as_str))
    }

    fn update(&self, port: &str, options: &[&str]) -> Outcome {
        let command = self.command();
        let words = command.iter().map(String::as_str);
        serial_rpc(
            port,
            &words.chain(options.iter().copied()).collect::<Vec<_>>(),
        )
    }

    /// Flashes it to a board, behind the boot loader, and switches that on.
    fn start(&self) -> Result<Powered, Failed> {
        let loader = MICROBIT_UPDATE.images().image("loader")?;
        Ok(Powered::flashed(&MICROBIT_UPDATE, &loader, &self.image)?)
    }
}

/// Connects to a board, which is slow on a busy machine.
fn connect(port: &str) -> Result<Connection, Failed> {
    let patient = Options {
        timeout: Duration::from_secs(60),
        ..Options::default()
    };
    let port = Port::Serial(port.to_owned());
    Ok(Connection::open_with(port, patient)?)
}

/// Returns the version that a board runs and its state.
fn running(port: &str) -> Result<(String, SlotState), Failed> {
    let device = connect(port)?;
    let active = UpdateClient::new(&device).slot(Which::Active)?;
    Ok((active.version.as_str().to_owned(), active.state))
}

fn on_trial(version: &str) -> (String, SlotState) {
    (version.to_owned(), SlotState::OnTrial)
}

fn confirmed(version: &str) -> (String, SlotState) {
    (version.to_owned(), SlotState::Confirmed)
}

fn the_images_have_no_allocator(_: &Releases) -> Result<(), Failed> {
    for binary in ["loader", IMAGE] {
        let file = MICROBIT_UPDATE.images().image(binary)?;
        let found = image::symbols_with(&file, &["__rust_alloc"])?;
        assert!(found.is_empty(), "{found:#?}");
    }
    Ok(())
}

fn the_boot_loader_starts_the_application_after_each_power_cut(
    releases: &Releases,
) -> Result<(), Failed> {
    let (board, pty) = releases.start()?;
    let device = connect(pty.path())?;
    let mut calculator = CalculatorClient::new(&device);
    calculator::assert_answers(&mut calculator);
    for _ in 0..10 {
        assert_eq!(calculator.accumulate(1), Ok(1));
        board.cut_power(OFF)?;
        assert_eq!(calculator.total(), Ok(0));
    }
    Ok(())
}

fn one_command_updates_a_board_over_a_noisy_line_killed_twenty_times_on_the_way(
    releases: &Releases,
) -> Result<(), Failed> {
    let [one, two] = [releases.one()?, releases.two()?];
    let board = one.start()?;
    let lines = Line::pair(Pace::uart(115_200), [Faults::mixed(1e-3); 2], SEED);
    let pty = Pty::bridge_over(board.uart(), lines)?;
    let mut random = SplitMix64::new(SEED);
    program(); // so that it is not built while the time runs

    let begun = Instant::now();
    let mut goal = two;
    let mut command = goal.start_update(pty.path());
    let [mut cuts, mut kills] = [0; 2];
    while cuts + kills < KILLS {
        // Often very soon after the one before, sometimes a while later.
        thread::sleep(LONGEST_PAUSE.mul_f64(random.unit() * random.unit()));
        match command.ended() {
            None if random.unit() < 0.5 => {
                cuts += 1;
                // The program notices by itself.
                board.cut_power(OFF)?;
                continue;
            }
            None => kills += 1,
            // It was too fast. The rest of the kills is for the way back, and there again.
            Some(0) => goal = if ptr::eq(goal, two) { one } else { two },
            // The power was cut during the trial, which therefore failed, or during another call that
            // cannot be repeated without harm. The same command goes on.
            Some(4 | 7 | 8) => {}
            Some(_) => return Err(command.close().into()),
        }
        // It is killed, and has let go of the port when the next one opens it.
        drop(command);
        command = goal.start_update(pty.path());
    }
    drop(command);
    // In peace now. A power cut at the last moment may still have ended a trial.
    let outcome = goal.update(pty.path(), &[]);
    assert!(matches!(outcome.code, Some(0 | 8)), "{outcome:?}");
    let outcome = two.update(pty.path(), &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(running(pty.path())?, confirmed("2"));
    println!(
        "seed {SEED}: {cuts} power cuts, the program killed {kills} times, {:.0?}",
        begun.elapsed()
    );
    Ok(())
}

fn a_swap_that_is_cut_off_again_and_again_leaves_a_whole_image(
    releases: &Releases,
) -> Result<(), Failed> {
    const ROUNDS: u32 = 10;
    let (board, pty) = releases.start()?;
    let two = releases.two()?;
    let outcome = two.update(pty.path(), &["--no-confirm"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let mut random = SplitMix64::new(SEED);
    let mut on_trial_after = 0;
    for _ in 0..ROUNDS {
        // The board goes back to version 1, and has version 2 in its spare slot.
        board.cut_power(OFF)?;
        let device = connect(pty.path())?;
        let mut update = UpdateClient::new(&device);
        let bytes = &two.image.bytes;
        let length = bytes.len() as u32;
        update.begin(length, Crc32::of(bytes).value(), length)?;
        let signature = fs::read(two.path("sig"))?;
        while update.verify(&signature)? > 0 {}
        update.activate()?;
        update.reboot()?;
        drop((update, device));
        thread::sleep(RESTART);
        for _ in 0..2 {
            thread::sleep(SWAP.mul_f64(random.unit()));
            board.cut_power(OFF)?;
        }
        let runs = match running(pty.path())? {
            it if it == confirmed("1") => releases.one()?,
            it if it == on_trial("2") => two,
            other => return Err(format!("the board runs {other:?}").into()),
        };
        on_trial_after += u32::from(ptr::eq(runs, two));
        let device = connect(pty.path())?;
        let bytes = &runs.image.bytes;
        let there = UpdateClient::new(&device).checksum(Which::Active, 0, bytes.len() as u32, 0)?;
        assert_eq!(there, Crc32::of(bytes).value());
    }
    println!("{ROUNDS} swaps, cut off twice each: the new image ran after {on_trial_after}");
    Ok(())
}

fn an_image_that_is_not_confirmed_is_gone_after_a_power_cut(
    releases: &Releases,
) -> Result<(), Failed> {
    let (board, pty) = releases.start()?;
    let outcome = releases.two()?.update(pty.path(), &["--no-confirm"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(running(pty.path())?, on_trial("2"));
    board.cut_power(OFF)?;
    assert_eq!(running(pty.path())?, confirmed("1"));

    // The board still has it.
    let outcome = releases.two()?.update(pty.path(), &["--json"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("\"sent\":0"), "{outcome:?}");
    assert_eq!(running(pty.path())?, confirmed("2"));
    Ok(())
}

fn an_image_that_nobody_confirms_is_gone_when_its_trial_has_ended(
    releases: &Releases,
) -> Result<(), Failed> {
    const TRIAL: u64 = 5;
    let ends = || thread::sleep(Duration::from_secs(TRIAL + 1));
    let (_board, pty) = releases.start()?;
    let two = Release::build(2, &[("TRIAL_SECONDS", TRIAL as usize)])?;
    let outcome = two.update(pty.path(), &["--no-confirm"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(running(pty.path())?, on_trial("2"));
    ends();
    assert_eq!(running(pty.path())?, confirmed("1"));

    // Once it is confirmed, it stays.
    let outcome = two.update(pty.path(), &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    ends();
    assert_eq!(running(pty.path())?, confirmed("2"));
    Ok(())
}

fn an_image_that_was_confirmed_can_be_taken_back(releases: &Releases) -> Result<(), Failed> {
    let (board, pty) = releases.start()?;
    let outcome = releases.two()?.update(pty.path(), &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    board.cut_power(OFF)?;
    assert_eq!(running(pty.path())?, confirmed("2"));
    let outcome = serial_rpc(pty.path(), &["update", "revert"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(running(pty.path())?, confirmed("1"));
    Ok(())
}

fn the_board_refuses_an_image_with_the_signature_of_another(
    releases: &Releases,
) -> Result<(), Failed> {
    let (board, pty) = releases.start()?;
    let two = Release::sign(fs::read(releases.two()?.path("image"))?)?;
    fs::copy(releases.one()?.path("sig"), two.path("sig"))?;
    let outcome = two.update(pty.path(), &[]);
    assert_eq!(outcome.code, Some(6), "{outcome:?}");
    assert!(outcome.stderr.contains("signature"), "{outcome:?}");
    board.cut_power(OFF)?;
    assert_eq!(running(pty.path())?, confirmed("1"));
    Ok(())
}

fn program_and_board_refuse_an_image_for_another_product(
    releases: &Releases,
) -> Result<(), Failed> {
    let (_board, pty) = releases.start()?;
    let other = releases.two()?.for_another_product()?;
    let outcome = other.update(pty.path(), &[]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains(OTHER_PRODUCT), "{outcome:?}");

    // Another program might not have looked.
    let device = connect(pty.path())?;
    let mut update = UpdateClient::new(&device);
    let bytes = &other.image.bytes;
    update.begin(bytes.len() as u32, Crc32::of(bytes).value(), 0)?;
    for (offset, piece) in (0..).step_by(128).zip(bytes.chunks(128)) {
        update.write(offset, piece)?;
    }
    let signature = fs::read(other.path("sig"))?;
    let refused = loop {
        match update.verify(&signature) {
            Ok(0) => return Err("it was taken".into()),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(refused, CallError::Error(UpdateError::WrongProduct));
    let refused = update.activate();
    assert_eq!(refused, Err(CallError::Error(UpdateError::NotVerified)));
    Ok(())
}

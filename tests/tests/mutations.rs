//! Shows that the model check works: each mistake below is made in a copy of the protocol's source,
//! and the check must find it, as a violation of the expected property.
//! With another seal in that copy, it must find nothing. The same mistakes are made in the C library.
//!
//! Real source is mutated, so nothing in the protocol exists only for this test. If the place of a
//! mistake is not found, because the source has changed, the test fails.

#[path = "mutations/c_sources.rs"]
mod c_sources;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A mistake in the source.
struct Mutation {
    mistake: &'static str,
    /// The file, below the folder of the sources.
    file: &'static str,
    original: &'static str,
    mutated: &'static str,
    /// The property that it violates.
    violated: &'static str,
}

const RUNS_TWICE: &str = "no call that is not idempotent runs twice";
const OUT_OF_ORDER: &str = "calls run for the first time in the order made";
const WRONG_ANSWER: &str = "no call gets the answer to another";
const OTHER_RUN: &str = "a call gets the answer of its last run";
const NOT_NEVER: &str = "a call reported as never run never ran";
const RUNS_LATER: &str = "a failed call does not run in a later session";
const NO_EXCUSE: &str = "a call fails for what has happened, and never by losses and time-outs";
const NO_END: &str = "every call ends";
const FOR_EVER: &str = "nothing repeats for ever";
const OTHERS_SESSION: &str = "calls run in a session of their own caller";
const OVERRUN: &str = "first copies of calls never overrun the device's window and buffer";

const CALLER: &str = "client/session.rs";
const CALLER_RECEIVING: &str = "client/session/receiving.rs";
const DEVICE: &str = "server/session.rs";
const SEAL: &str = "wire/seal.rs";

const MUTATIONS: &[Mutation] = &[
    Mutation {
        mistake: "the device runs a call again whose reply it has kept",
        file: DEVICE,
        original: "if behind == 0 {",
        mutated: "if behind <= self.state.calls.kept(Self::SLOTS) {",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the device runs a call that comes too early",
        file: DEVICE,
        original: "if behind == 0 {",
        mutated: "if behind == 0 || behind > self.state.calls.kept(Self::SLOTS) {",
        violated: OUT_OF_ORDER,
    },
    Mutation {
        mistake: "the device keeps no replies",
        file: DEVICE,
        original: "self.state.calls = self.calls;",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "a Connect does not reset the expected sequence number",
        file: DEVICE,
        original: "self.state.next = Seq::FIRST;\n",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "a Connect goes on with the old session",
        file: DEVICE,
        original: "self.state.next = Seq::FIRST;\n        self.state.calls = Calls::NONE;\n",
        mutated: "",
        violated: OUT_OF_ORDER,
    },
    Mutation {
        mistake: "the device names the call it expects, not the one it rejects without a session",
        file: DEVICE,
        original: "self.state.next = header.seq;\n",
        mutated: "",
        violated: NO_EXCUSE,
    },
    Mutation {
        mistake: "the device is silent about a call without a session",
        file: DEVICE,
        original: "Kind::Call if self.state.phase == Phase::NotConnected => {",
        mutated: "Kind::Call if self.state.phase == Phase::NotConnected && header.seq != self.state.next => {",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "frames are not bound to their session",
        file: SEAL,
        original: "self.then(&nonce.to_le_bytes())",
        mutated: "self.then(&nonce.to_le_bytes().split_at(4).1)",
        violated: OTHERS_SESSION,
    },
    Mutation {
        mistake: "the caller believes a Nak NotConnected without the trailer of its call",
        file: SEAL,
        original: "Self(Crc32::after(u32::from_le_bytes(trailer)), SmallTable)",
        mutated: "Self(Crc32::after(u32::from_le_bytes(trailer) & 0), SmallTable)",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller takes its oldest call for refused when another caller takes over",
        file: CALLER_RECEIVING,
        original: "self.end(Cause::OtherCaller, None);",
        mutated: "{ let oldest = self.calls.flights_mut().next().map(|flight| flight.seq); self.end(Cause::OtherCaller, oldest); }",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller goes on for ever in a session that another caller has ended",
        file: CALLER_RECEIVING,
        original: "(Phase::Open { .. }, NOT_NOISE..) => self.taken_over(now),",
        mutated: "",
        violated: FOR_EVER,
    },
    Mutation {
        mistake: "the caller takes an Accept of another nonce",
        file: CALLER_RECEIVING,
        original: "if nonce != self.nonce {",
        mutated: "if nonce == u32::MAX {",
        violated: NO_EXCUSE,
    },
    Mutation {
        mistake: "the caller does not change the nonce",
        file: CALLER,
        original: "self.nonce = self.nonce.wrapping_add(1);",
        mutated: "",
        violated: RUNS_LATER,
    },
    Mutation {
        mistake: "the caller takes an answer for that to its oldest call",
        file: CALLER_RECEIVING,
        original: "let Some(call) = self.calls.in_flight(seq) else {",
        mutated: "let Some(call) = self.calls.iter_mut().find(|call| call.flight().is_some()) else {",
        violated: WRONG_ANSWER,
    },
    Mutation {
        mistake: "after a reset the caller sends a rejected call again that it had sent twice",
        file: CALLER,
        original: "let never_ran = flight.sent_once()\n                &&",
        mutated: "let never_ran =",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "after a reset the caller sends calls again that it sent before the rejected copy",
        file: CALLER,
        original: "is_before(rejected.last_order, flight.first_order)",
        mutated: "is_before(rejected.first_order, flight.first_order)",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "after a reset the caller sends every call again",
        file: CALLER,
        original: "never_ran || call.target.idempotent",
        mutated: "true",
        violated: RUNS_TWICE,
    },
    Mutation {
        mistake: "the caller forgets that a call may have run in an earlier session",
        file: CALLER,
        original: "call.may_have_run |= !never_ran;",
        mutated: "",
        violated: NOT_NEVER,
    },
    Mutation {
        mistake: "a deadline that passes does not end the session",
        file: CALLER,
        original: "self.end(Cause::Timeout, None);",
        mutated: "",
        violated: RUNS_LATER,
    },
    Mutation {
        mistake: "the caller ends calls as unknown when a Connect takes long",
        file: CALLER,
        original: "Phase::Connecting { due } => *due = self.outgoing.sent == self.outgoing.len,",
        mutated: "Phase::Connecting { .. } => self.calls.iter_mut().for_each(|call| call.lose(Cause::Timeout)),",
        violated: NO_EXCUSE,
    },
    Mutation {
        mistake: "the caller sends a Connect only once",
        file: CALLER,
        original: "Phase::Connecting { due } => *due = self.outgoing.sent == self.outgoing.len,",
        mutated: "Phase::Connecting { .. } => {}",
        violated: NO_END,
    },
    Mutation {
        mistake: "the caller sends nothing again on a time-out",
        file: CALLER,
        original: "self.outgoing.flush |= self.outgoing.sent == self.outgoing.len;\n            self.send_again();",
        mutated: "",
        violated: NO_END,
    },
    Mutation {
        mistake: "the caller sends one call more than the window allows",
        file: CALLER,
        original: "ahead >= device.window",
        mutated: "ahead > device.window",
        violated: OVERRUN,
    },
    Mutation {
        mistake: "the caller disregards the device's buffer",
        file: CALLER,
        original: "(ahead >= device.window || !fits)",
        mutated: "ahead >= device.window",
        violated: OVERRUN,
    },
    Mutation {
        mistake: "frames are not checked",
        file: SEAL,
        original: "self.then(payload).trailer() == trailer",
        mutated: "self.then(payload).trailer() == trailer || true",
        violated: OTHER_RUN,
    },
];

#[test]
#[ignore = "compiles the protocol once for each mistake: a minute or two"]
fn the_model_check_finds_every_mistake() {
    assert_every_mistake_is_found(&Workspace::new(), MUTATIONS);
}

#[test]
#[ignore = "compiles the C library once for each mistake: a minute or two"]
fn the_model_check_finds_every_mistake_in_c() {
    assert_every_mistake_is_found(&Workspace::in_c(), c_sources::MUTATIONS);
}

fn assert_every_mistake_is_found(workspace: &Workspace, mutations: &[Mutation]) {
    let unmutated = workspace.check();
    assert!(unmutated.is_ok(), "without a mistake: {unmutated:?}");
    let mut missed = Vec::new();
    for mutation in mutations {
        let found = workspace.with(mutation, Workspace::check);
        println!("{}: {found:?}", mutation.mistake);
        if !found.is_err_and(|violated| violated.contains(mutation.violated)) {
            missed.push(mutation.mistake);
        }
    }
    assert!(missed.is_empty(), "not found as expected: {missed:#?}");
}

#[test]
#[ignore = "compiles the protocol: half a minute"]
fn another_seal_takes_the_place_of_the_checksum_by_a_change_of_one_file() {
    let workspace = Workspace::new();
    let source = include_str!("mutations/another_seal.rs");
    write(&workspace.root.join("rpc-proto/src").join(SEAL), source);
    let found = workspace.check();
    assert!(found.is_ok(), "{found:?}");
}

/// A workspace with the model check and a copy of the protocol that can be mutated.
struct Workspace {
    root: PathBuf,
    /// The folder of the sources.
    sources: &'static str,
    /// The package and the test that checks them.
    check: [&'static str; 2],
    /// There is one folder for all tests here.
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

/// The dependencies of the model.
const MODEL: &str = "\
    heapless = { workspace = true }\n\
    postcard = { workspace = true, features = [\"use-std\"] }\n\
    rpc-proto = { workspace = true, features = [\"model-check\"] }\n\
    serde = { workspace = true }\n";

impl Workspace {
    /// Copies the ends in Rust.
    fn new() -> Self {
        let workspace = Self::with_members(
            "mutations",
            r#""model""#,
            "rpc-proto/src",
            ["model", "model"],
        );
        let root = &workspace.root;
        copy_all(
            &original().join("tests/tests/model"),
            &root.join("model/tests/model"),
        );
        write_package(&root.join("model"), "model", MODEL, "");
        workspace
    }

    /// Copies the C library and what calls it from Rust.
    fn in_c() -> Self {
        let workspace = Self::with_members(
            "mutations-in-c",
            r#""firmware/c", "tests", "tests/c""#,
            "firmware/c/library",
            ["c-library", "model_both"],
        );
        let root = &workspace.root;
        for folder in [
            "firmware/c",
            "tests/c/src",
            "tests/c/tests/model_both",
            "tests/tests/model",
        ] {
            copy_all(&original().join(folder), &root.join(folder));
        }
        for file in ["build.rs", "layout.c", "sequences.c", "typed_client.c"] {
            copy(
                &original().join("tests/c").join(file),
                &root.join("tests/c").join(file),
            );
        }
        // Of the tests' shared parts, it needs these.
        for file in ["device_end.rs", "wire.rs"] {
            copy(
                &original().join("tests/src").join(file),
                &root.join("tests").join(file),
            );
        }
        write_package(
            &root.join("tests"),
            "tests",
            MODEL,
            "pub mod device_end;\npub mod wire;\n",
        );
        let without = |text: &str, words: &[&str]| -> String {
            let lines = text.lines();
            let lines = lines.filter(|line| !words.iter().any(|word| line.contains(word)));
            lines.map(|line| format!("{line}\n")).collect()
        };
        let manifest = read(&original().join("tests/c/Cargo.toml"));
        let (before, _) = split(&manifest, "[dev-dependencies]");
        let manifest = without(before, &["firmware ="]);
        let model = "[dev-dependencies]\nheapless = { workspace = true }\npostcard = { workspace = true }\n";
        write(
            &root.join("tests/c/Cargo.toml"),
            &format!("{manifest}{model}"),
        );
        let library = read(&root.join("tests/c/src/lib.rs"));
        write(
            &root.join("tests/c/src/lib.rs"),
            &without(&library, &["device", "same"]),
        );
        workspace
    }

    fn with_members(
        name: &str,
        members: &str,
        sources: &'static str,
        check: [&'static str; 2],
    ) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        copy_all(&original().join("rpc-proto"), &root.join("rpc-proto"));
        copy(&original().join("Cargo.lock"), &root.join("Cargo.lock"));

        // The dependencies of the protocol's own tests are missing, and they are not run.
        let manifest = read(&root.join("rpc-proto/Cargo.toml"));
        let (before, rest) = split(&manifest, "[dev-dependencies]");
        let (_, after) = split(rest, "[lints]");
        write(
            &root.join("rpc-proto/Cargo.toml"),
            &format!("{before}[lints]{after}"),
        );

        let manifest = read(&original().join("Cargo.toml"));
        let (before, rest) = split(&manifest, "members = [");
        let (_, rest) = split(rest, "default-members = [");
        let (_, after) = split(rest, "]");
        let protocol = r#""rpc-proto", "rpc-proto/macros", "rpc-proto/syntax""#;
        write(
            &root.join("Cargo.toml"),
            &format!("{before}members = [{protocol}, {members}]{after}"),
        );
        Self {
            root,
            sources,
            check,
            _turn: turn,
        }
    }

    /// Makes a mistake while `action` runs.
    fn with<T>(&self, mutation: &Mutation, action: impl FnOnce(&Self) -> T) -> T {
        let path = self.root.join(self.sources).join(mutation.file);
        let source = read(&path);
        let places = source.matches(mutation.original).count();
        assert_eq!(
            places, 1,
            "places to make the mistake: {}",
            mutation.mistake
        );
        write(&path, &source.replace(mutation.original, mutation.mutated));
        let outcome = action(self);
        write(&path, &source);
        outcome
    }

    /// Runs the model check, and returns the violated properties.
    fn check(&self) -> Result<(), BTreeSet<String>> {
        let [package, test] = self.check;
        let output = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--release", "--package", package])
            // The other test needs a protocol that ends.
            .args(["--test", test, "--", "--skip", "of_the_same_hash"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("RUSTFLAGS", "--cap-lints=allow")
            // A mistake may leave something unused.
            .env("CFLAGS", "-Wno-error")
            .env("SERIAL_RPC_REQUIRE_EMULATOR", "1")
            .output()
            .expect("cargo runs");
        if output.status.success() {
            return Ok(());
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        let violated = printed
            .lines()
            .filter_map(|line| line.strip_prefix("violated: "));
        let violated: BTreeSet<String> = violated.map(str::to_owned).collect();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!violated.is_empty(), "{printed}\n{errors}");
        Err(violated)
    }
}

/// Returns the folder of the repository.
fn original() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Writes a package with those dependencies and that library.
fn write_package(folder: &Path, name: &str, dependencies: &str, library: &str) {
    let head = format!("[package]\nname = \"{name}\"\nedition.workspace = true\n");
    let head = format!("{head}[lib]\npath = \"lib.rs\"\n[dependencies]\n{dependencies}");
    write(&folder.join("Cargo.toml"), &head);
    write(&folder.join("lib.rs"), library);
}

fn copy(from: &Path, to: &Path) {
    let folder = to.parent().expect("it is in a folder");
    fs::create_dir_all(folder).expect("can be created");
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
}

fn split<'t>(text: &'t str, at: &str) -> (&'t str, &'t str) {
    text.split_once(at)
        .unwrap_or_else(|| panic!("no {at} in {text}"))
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("can be created");
    for entry in fs::read_dir(from).expect("is a directory") {
        let entry = entry.expect("can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("has a type").is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("can be copied");
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

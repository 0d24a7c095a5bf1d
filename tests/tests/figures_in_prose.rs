//! Tests that the figures in the documents are those of their sources, which other tests compare with what
//! is measured: `figures.txt`, `line_use.txt`, `transfer_use.txt`, and the tables in `measured`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tests::prose::grouped;

fn document(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Asserts that the document has the sentence, wherever its lines break.
#[track_caller]
fn assert_says(path: &str, sentence: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(&document(path));
    assert!(
        text.contains(&words(sentence)),
        "{path} does not say {sentence:?}"
    );
}

/// Returns the cells of the row of a Markdown table that begins with these.
#[track_caller]
fn row(path: &str, first: &[&str]) -> Vec<String> {
    let text = document(path);
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let mut rows = rows.map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    });
    let row = rows.find(|cells| cells.iter().zip(first).all(|(cell, first)| cell == first));
    row.unwrap_or_else(|| panic!("{path} has no row {first:?}"))
}

/// The figures that CI holds, by name.
struct Figures(BTreeMap<String, u32>);

impl Figures {
    fn read() -> Self {
        let text = document("tests/figures.txt");
        let figures = text.lines().filter(|line| !line.starts_with('#'));
        let figures = figures.filter_map(|line| line.rsplit_once(": "));
        Self(
            figures
                .map(|(name, figure)| (name.to_owned(), figure.parse().unwrap()))
                .collect(),
        )
    }

    #[track_caller]
    fn of(&self, name: &str) -> u32 {
        *self
            .0
            .get(name)
            .unwrap_or_else(|| panic!("no figure {name:?}"))
    }
}

#[test]
fn the_readme_of_the_firmware_in_c_is_right_about_both_languages() {
    let figures = Figures::read();
    for (what, name) in [
        ("flash, without a description", "flash bare"),
        ("RAM, stack not included", "ram bare"),
        ("stack of a call", "stack bare"),
        (
            "instructions from the first byte of `add(2, 3)` to the last of its reply",
            "instructions bare add(2, 3)",
        ),
    ] {
        let both = [format!("C {name}"), name.to_owned()].map(|name| grouped(figures.of(&name)));
        assert_eq!(row("firmware/c/README.md", &[what])[1..], both);
    }
}

#[test]
fn the_readme_is_right_about_size() {
    let figures = Figures::read();
    assert_says(
        "README.md",
        "four procedures: under 2 KB of flash, under 200 bytes of RAM on a Cortex-M3",
    );
    assert!(figures.of("flash bare") < 2_000);
    assert!(figures.of("ram bare") < 200);

    let growth = |kind| figures.of(&format!("growth flash 28 more procedures, {kind}"));
    let described = (growth("described") - growth("undescribed")) / 28;
    let about = (described + 5) / 10 * 10;
    assert_says(
        "README.md",
        &format!("about {about} bytes of flash a procedure, for name, types and docs"),
    );
}

#[test]
fn the_readme_is_right_about_bad_lines() {
    let cells = row("tests/README.md", &["a bit flips, 1e-2", "serial-rpc"]);
    assert_eq!(cells[2..7], ["5000", "0", "0", "0", "5000"]);
    assert_says(
        "README.md",
        "5,000 of 5,000 calls right with a bit flipped in every hundredth byte",
    );

    let soak = document("tests/measured/soak.txt");
    let number = |before: &str, behind: &str| -> usize {
        let (_, rest) = soak.split_once(before).unwrap();
        rest.split_once(behind).unwrap().0.parse().unwrap()
    };
    let (calls, _) = soak.split_once(' ').unwrap();
    assert_eq!(calls, "10000000");
    assert_eq!([number("wrong: ", ","), number("timed_out: ", ",")], [0, 0]);
    let resets = grouped(number("calls, ", " resets"));
    let unknown = grouped(number("unknown: ", ","));
    assert_says(
        "README.md",
        &format!("10,000,000 calls with faults and {resets} resets: none wrong, none stuck"),
    );
    assert_says(
        "tests/README.md",
        &format!("with {resets} device resets in mid-call"),
    );
    assert_says(
        "tests/README.md",
        &format!("{unknown} whose outcome a reset left unknown"),
    );
}

/// Returns the percentages behind `label` in the lines that have all of `words`.
fn percentages(path: &str, words: &[&str], label: &str) -> Vec<f64> {
    let text = document(path);
    let lines = text
        .lines()
        .filter(|line| words.iter().all(|word| line.contains(word)));
    let numbers = lines.map(|line| {
        let (_, rest) = line.rsplit_once(label).unwrap();
        rest.split_once(" %").unwrap().0.parse().unwrap()
    });
    numbers.collect()
}

#[test]
fn the_documents_are_right_about_line_use() {
    let words = ["baud, 0 ms, loss 0,", "window 8"];
    let pipelined = percentages("tests/tests/line_use.txt", &words, "calls/s, ");
    assert!(!pipelined.is_empty());
    assert!(pipelined.iter().all(|&use_of_line| use_of_line > 99.9));
    assert_says("README.md", "over 99.9 % at any baud rate");

    let transfers = percentages("tests/tests/transfer_use.txt", &["baud"], "line ");
    assert!(!transfers.is_empty());
    assert!(transfers.iter().all(|&use_of_line| use_of_line >= 95.0));
    assert_says("rpc-proto/README.md", "they fill at least 95 % of the line");
    assert_says(
        "host-cli/README.md",
        "`get` and `put` fill at least 95 % of the line",
    );
}

#[test]
fn the_gateway_s_readme_is_right_about_what_it_costs() {
    let measured = "tests/measured/gateway.md";
    let cell =
        |first: &[&str], place: usize| -> f64 { row(measured, first)[place].parse().unwrap() };
    assert_says(
        "host-cli/gateway/README.md",
        "On a line of 1,000,000 baud a call through a socket takes at most 1.3 times as long.",
    );
    assert!(cell(&["1,000,000 baud", "Unix socket"], 4) <= 1.3);
    assert_says(
        "host-cli/gateway/README.md",
        "Programs at once, on a simulated device, make more than 20,000 calls a second",
    );
    for programs in ["4", "16", "64"] {
        assert!(cell(&[programs, "Unix socket"], 2) > 20_000.0);
    }
    assert_says(
        "host-cli/gateway/README.md",
        "A program takes less than 64 KiB of the gateway.",
    );
    let text = document(measured);
    let (_, memory) = text.split_once("Resident memory").unwrap();
    let kib = memory
        .lines()
        .filter_map(|line| line.trim_end_matches(" |").rsplit_once("| "))
        .filter_map(|(_, number)| number.parse::<f64>().ok());
    let kib: Vec<f64> = kib.collect();
    assert_eq!(kib.len(), 3);
    assert!(kib.iter().all(|&kib| kib < 64.0), "{kib:?}");
}

#[test]
fn the_table_of_costs_has_the_figures_that_are_held() {
    let figures = Figures::read();
    let images = ["bare", "undescribed", "full", "floor"];
    let cells = |row: &[String]| -> Vec<u32> {
        let cells = row[1..=images.len()].iter();
        cells
            .map(|cell| cell.split(' ').next().unwrap().parse().unwrap())
            .collect()
    };
    let held = |kind: &str, what: &str| -> Vec<u32> {
        let names = images.iter().map(|image| format!("{kind} {image}{what}"));
        names.map(|name| figures.of(&name)).collect()
    };
    let readme = "rpc-proto/README.md";
    for (first, kind) in [
        ("flash, thumbv7m, opt-level s", "flash"),
        ("static RAM (.data, .bss)", "ram"),
        ("stack", "stack"),
    ] {
        assert_eq!(cells(&row(readme, &[first])), held(kind, ""), "{first}");
    }
    for call in [
        "add(2, 3)",
        "add(2, 3) again",
        "add(123456, -98765)",
        "div(1, 0)",
    ] {
        let first = format!("instructions, `{call}`");
        let held = held("instructions", &format!(" {call}"));
        assert_eq!(cells(&row(readme, &[&first])), held, "{first}");
    }
}

#[test]
fn the_table_of_growth_has_the_figures_that_are_held() {
    let figures = Figures::read();
    // The table is fitted to all points of the curves, of which the ends are held.
    #[track_caller]
    fn assert_close(cell: &str, held: u32, count: u32) {
        let number = cell.split(' ').next().unwrap();
        let fitted: f64 = number.parse().unwrap();
        let held = f64::from(held) / f64::from(count);
        assert!((fitted / held - 1.0).abs() < 0.1, "{cell}, held: {held}");
    }
    let readme = "rpc-proto/README.md";
    for (first, what, count) in [
        ("procedure, `fn(i32, i32) -> i32`", "28 more procedures", 28),
        (
            "procedure that takes and returns a struct of its own",
            "12 more procedures with a type each",
            12,
        ),
    ] {
        let cells = row(readme, &[first]);
        for (cell, kind) in cells[1..].iter().zip(["undescribed", "described"]) {
            let held = figures.of(&format!("growth flash {what}, {kind}"));
            assert_close(cell, held, count);
        }
    }
    for way in ["to the device", "from the device"] {
        for kind in ["", ", the floor"] {
            let cells = row(readme, &[&format!("payload byte {way}{kind}")]);
            let what = format!("growth instructions 48 more payload bytes {way}{kind}");
            assert_close(&cells[1], figures.of(&what), 48);
        }
    }
}

#[test]
fn the_readme_names_the_versions_that_it_compares_with() {
    for (package, images) in [
        ("postcard-rpc", "device"),
        ("ergot", "sockets"),
        ("postcard", "device"),
        ("postcard", "sockets"),
    ] {
        let lock = document(&format!("tests/peers/{images}/Cargo.lock"));
        let name = format!("name = \"{package}\"\nversion = \"");
        let (_, version) = lock.split_once(&name).unwrap();
        let (version, _) = version.split_once('"').unwrap();
        assert_says("rpc-proto/README.md", &format!("{package} {version}"));
    }
}

#[test]
fn the_table_of_checksums_has_the_figures_that_are_held() {
    let figures = Figures::read();
    for (first, image, growth) in [
        ("`SmallTable`, 16 entries", "bare", ""),
        (
            "`LargeTable`, 256 entries",
            "bare_large_table",
            ", large table",
        ),
    ] {
        let a_byte = |way| {
            let name =
                format!("growth instructions 48 more payload bytes {way} the device{growth}");
            format!("{:.1}", f64::from(figures.of(&name)) / 48.0)
        };
        let held = [
            figures.of(&format!("flash {image}")).to_string(),
            figures
                .of(&format!("instructions {image} add(2, 3)"))
                .to_string(),
            a_byte("to"),
            a_byte("from"),
        ];
        assert_eq!(row("rpc-proto/README.md", &[first])[1..], held, "{first}");
    }
}

#[test]
fn the_table_of_services_has_the_figures_that_are_held() {
    let figures = Figures::read();
    for (first, image) in [
        ("a first event, with a queue of 64 bytes", "events"),
        ("a stream and a feed", "streams"),
        ("blocks, one of 256 bytes in RAM", "blocks"),
    ] {
        let cells = row("rpc-proto/README.md", &[first]);
        let beyond = |kind| {
            figures.of(&format!("{kind} {image}")) - figures.of(&format!("{kind} undescribed"))
        };
        assert_eq!(cells[1], format!("{} B", beyond("flash")), "{first}");
        let ram = cells[2].split(" B").next().unwrap();
        assert_eq!(ram, beyond("ram").to_string(), "{first}");
    }
}

#[test]
fn the_specification_is_right_about_the_mistakes_that_its_check_finds() {
    let mutations = document("tests/tests/mutations.rs");
    let mistakes = mutations.matches("mistake: \"").count();
    assert_says(
        "rpc-proto/PROTOCOL.md",
        &format!("makes {mistakes} mistakes in a copy of the source"),
    );
}

#[test]
fn the_specification_is_right_about_the_states_of_its_check() {
    let model = document("tests/tests/model/checks.rs");
    let (_, rest) = model.split_once("const STATES: [usize; 3] = [").unwrap();
    let (states, _) = rest.split_once(']').unwrap();
    let protocol = document("rpc-proto/PROTOCOL.md");
    for number in states.split(", ") {
        let states = number.replace('_', ",");
        assert!(protocol.contains(&states), "{states} states");
    }
}

//! Tests the page by driving it in Chromium as a person would: with the mouse, the keyboard and the eyes.
//!
//! What a person does is in the scripts beside this file, one function each. Without Node.js, its
//! packages and Chromium these tests are ignored and say why; see `tests::ignorable`.
#![cfg(unix)]

mod stage;
mod workbench;

use libtest_mimic::{Arguments, Trial};
use std::path::Path;
use std::process::{Command, ExitCode};
use tests::ignorable;

/// The scenarios: each is a function of the scripts, in camel case.
const SCENARIOS: &[&str] = &[
    "a_call_shows_its_value",
    "a_number_out_of_range_is_told_in_words_and_not_sent",
    "integers_are_exact_beyond_53_bits",
    "every_type_has_a_form_that_gives_its_value",
    "a_variant_with_data_brings_its_fields",
    "an_error_of_the_procedure_is_in_words",
    "an_unknown_outcome_is_said_with_its_hint",
    "an_idempotent_call_repeats_and_its_value_is_plotted",
    "the_plot_of_an_event_moves",
    "a_stream_fills_a_table",
    "a_feed_takes_items_from_a_form_and_from_a_file",
    "the_log_shows_levels_and_what_was_lost",
    "a_block_goes_down_and_up",
    "a_device_that_is_unplugged_comes_back",
    "a_second_device_comes",
    "a_gateway_that_starts_again_is_found_again",
    "the_link_has_its_counters",
    "a_call_needs_the_keyboard_only",
    "the_page_is_accessible_in_light_and_dark",
    "nothing_scrolls_sideways_at_360_pixels",
    "hostile_text_stays_text",
];

/// A token that is long enough for a gateway.
const TOKEN: &str = "a-token-that-nobody-else-knows-1234567890";

fn main() -> ExitCode {
    let trials = SCENARIOS
        .iter()
        .map(|scenario| trial(scenario, scenario, &[], None));
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("page.png");
    let picture = picture.to_string_lossy().into_owned();
    // Written anew by hand only, like the other files that are reviewed.
    let mut trials: Vec<Trial> = trials.collect();
    let asking = "the_token_is_asked_for_once";
    trials.push(trial(asking, asking, &[TOKEN], Some(TOKEN)));
    if std::env::var_os("UPDATE_PICTURE").is_some() {
        trials.push(trial("update_the_picture", "picture", &[&picture], None));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, scenario: &str, words: &[&str], token: Option<&'static str>) -> Trial {
    let scenario = scenario.to_owned();
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    ignorable::trial(&format!("chromium::{name}"), missing, move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        stage::play(&scenario, &words, token)
    })
}

/// Returns the reason why no browser can be driven here, with a remedy.
fn missing() -> Option<String> {
    let runs = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let has_packages = stage::folder()
        .join("node_modules/playwright-core")
        .exists();
    if !runs("chromium") {
        return Some("Chromium is missing: sudo apt install chromium".to_owned());
    }
    let is_new = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";
    let node = Command::new("node").args(["-e", is_new]).status();
    if !node.is_ok_and(|status| status.success()) {
        return Some("Node.js is missing, or is older than 20: see nodejs.org".to_owned());
    }
    let remedy = "npm ci --prefix host-cli/gateway/tests/page";
    (!has_packages).then(|| format!("the packages of Node.js are missing: {remedy}"))
}

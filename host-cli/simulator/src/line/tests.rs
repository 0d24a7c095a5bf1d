//! Tests each kind of fault of a line alone.

use super::{Faults, Line, Pace};
use rpc_proto::time::{Duration, Instant};

const START: Instant = Instant::from_micros(0);
const FOREVER: Instant = Instant::from_micros(u64::MAX);

/// Returns the bytes that arrive when `bytes` are sent.
fn carried(faults: Faults, seed: u64, bytes: &[u8]) -> Vec<u8> {
    let mut line = Line::new(Pace::INSTANT, faults, seed);
    for &byte in bytes {
        line.send(START, byte);
    }
    std::iter::from_fn(|| line.receive(FOREVER)).collect()
}

/// Returns every byte but the delimiter, many times.
fn bytes() -> Vec<u8> {
    (1..=u8::MAX).cycle().take(100_000).collect()
}

#[test]
fn a_perfect_line_delivers_what_was_sent() {
    assert_eq!(carried(Faults::NONE, 1, &bytes()), bytes());
}

#[test]
fn the_same_seed_does_the_same_damage_and_another_does_not() {
    let faults = Faults::mixed(0.01);
    assert_eq!(carried(faults, 1, &bytes()), carried(faults, 1, &bytes()));
    assert_ne!(carried(faults, 1, &bytes()), carried(faults, 2, &bytes()));
}

#[test]
fn a_flip_inverts_one_bit_as_often_as_it_should() {
    let flips = Faults {
        flips: 0.01,
        ..Faults::NONE
    };
    let arrived = carried(flips, 1, &bytes());
    let pairs = bytes().into_iter().zip(arrived);
    let flipped: Vec<_> = pairs.filter(|(sent, received)| sent != received).collect();
    assert!((900..1_100).contains(&flipped.len()), "{}", flipped.len());
    let bits = |(sent, received): &(u8, u8)| (sent ^ received).count_ones();
    assert!(flipped.iter().all(|pair| bits(pair) == 1));
}

#[test]
fn drops_insertions_and_duplications_change_how_much_arrives() {
    let length = |faults| carried(faults, 1, &bytes()).len();
    let drops = length(Faults {
        drops: 0.01,
        ..Faults::NONE
    });
    let insertions = length(Faults {
        insertions: 0.01,
        ..Faults::NONE
    });
    let duplications = length(Faults {
        duplications: 0.01,
        ..Faults::NONE
    });
    assert!((98_900..99_100).contains(&drops), "{drops}");
    assert!((100_900..101_100).contains(&insertions), "{insertions}");
    assert!((100_900..101_100).contains(&duplications), "{duplications}");
}

#[test]
fn a_gap_loses_a_run_of_bytes_and_noise_garbles_one() {
    let burst = |noise, gaps| Faults {
        noise,
        gaps,
        burst: 3,
        ..Faults::NONE
    };
    assert!(carried(burst(0.0, 1.0), 1, &[1; 6]).is_empty());
    assert_eq!(carried(burst(1.0, 0.0), 1, &[1; 6]).len(), 6);
    let lost = 100_000 - carried(burst(0.0, 0.001), 1, &bytes()).len();
    assert_eq!(lost % 3, 0, "whole runs of three");
}

#[test]
fn a_truncation_loses_a_frame_from_some_byte_to_its_delimiter() {
    let truncations = Faults {
        truncations: 0.1,
        ..Faults::NONE
    };
    let frame = [1, 2, 3, 4, 0];
    let arrived = carried(truncations, 1, &frame.repeat(1_000));
    // A frame begins at the end of one that was cut short, never in its middle.
    let starts = arrived
        .windows(2)
        .filter(|pair| pair[0] != 0 && pair[1] != pair[0] + 1);
    assert!(starts.clone().count() > 300);
    for start in starts {
        assert!(start[1] <= 1, "{start:?}");
    }
}

#[test]
fn a_byte_takes_ten_bits_and_then_the_latency() {
    let pace = Pace::adapter(115_200, Duration::from_millis(16));
    let mut line = Line::new(pace, Faults::NONE, 1);
    for byte in 1..=100 {
        line.send(START, byte);
    }
    // 86.8 µs each, and never early.
    assert_eq!(line.ready_at(), Instant::from_micros(8_681));
    assert_eq!(line.next_arrival(), Some(Instant::from_micros(16_087)));
    assert_eq!(line.receive(Instant::from_micros(16_086)), None);
    assert_eq!(line.receive(Instant::from_micros(16_087)), Some(1));
}

#[test]
fn a_stalled_line_delivers_everything_later_and_in_order() {
    let mut line = Line::new(Pace::uart(115_200), Faults::NONE, 1);
    line.send(START, 1);
    let later = Instant::from_micros(500_000);
    line.stall(later);
    line.send(START, 2);
    assert_eq!(line.receive(Instant::from_micros(499_999)), None);
    assert_eq!(line.receive(later), Some(1));
    assert_eq!(line.receive(later), Some(2));
}

#[test]
fn a_cut_line_loses_what_is_under_way_until_it_is_mended() {
    let mut line = Line::new(Pace::INSTANT, Faults::NONE, 1);
    line.send(START, 1);
    line.cut();
    line.send(START, 2);
    line.mend();
    line.send(START, 3);
    assert_eq!(line.receive(START), Some(3));
    assert_eq!(line.receive(START), None);
}

#[test]
fn text_follows_a_delimiter() {
    let texts = Faults {
        texts: 1.0,
        ..Faults::NONE
    };
    let arrived = carried(texts, 1, &[1, 2, 0, 3]);
    assert!(arrived.starts_with(&[1, 2, 0, b'[']));
    assert!(arrived.ends_with(b"V\r\n\x03"));
}

#[test]
fn a_sender_that_is_never_late_fills_the_line_though_a_byte_takes_a_fraction_of_a_microsecond() {
    let mut line = Line::new(Pace::uart(3_000_000), Faults::NONE, 1);
    for _ in 0..300_000 {
        line.send(line.ready_at(), 1);
    }
    let second = START + Duration::from_millis(1_000);
    // The length of a byte is rounded down to nanoseconds, by a ten-thousandth.
    assert!(second.since(line.ready_at()) <= Duration::from_micros(100));
    assert!(line.ready_at() <= second);
}

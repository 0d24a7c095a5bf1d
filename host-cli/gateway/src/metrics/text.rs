//! Writes the metrics of all devices in the text format of Prometheus.

use super::{BOUNDS, Metrics, OfWay, Outcome, Way};
use serial_rpc::connection::Counters;
use std::fmt::{Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// A device as the metrics show it.
#[derive(Debug)]
pub struct Measured {
    /// Its name.
    pub name: String,
    /// True if its port is open.
    pub is_present: bool,
    /// The counters of programs' calls.
    pub metrics: Metrics,
    /// The counters of the link.
    pub link: Counters,
}

/// A metric of a link: its name, its meaning, and its place among the counters.
type OfLink = (&'static str, &'static str, fn(&Counters) -> u32);

const OF_LINK: [OfLink; 8] = [
    ("frames_sent", "Frames sent to the device.", |link| {
        link.sent
    }),
    (
        "frames_resent",
        "Frames sent to the device again.",
        |link| link.resent,
    ),
    ("frames_received", "Whole frames from the device.", |link| {
        link.received
    }),
    (
        "frames_broken",
        "Frames from the device whose checksum or form was wrong.",
        |link| link.broken,
    ),
    (
        "frames_refused",
        "Frames that the device could not use.",
        |link| link.refused,
    ),
    ("sessions", "Sessions that the device accepted.", |link| {
        link.sessions
    }),
    ("links_lost", "Times that the link was lost.", |link| {
        link.lost_links
    }),
    (
        "sessions_taken_over",
        "Sessions that another program on the same line ended.",
        |link| link.taken_over,
    ),
];

/// Returns the metrics of these devices.
pub fn text(devices: &[Measured]) -> String {
    let mut text = Text(String::new());
    text.metric("info", "gauge", "The version of the gateway.");
    let version = env!("CARGO_PKG_VERSION");
    text.sample("info", &[("version", version)], 1);

    text.metric("device_present", "gauge", "1 if the device's port is open.");
    for device in devices {
        let labels = [("device", &*device.name)];
        text.sample("device_present", &labels, u8::from(device.is_present));
    }

    text.metric("calls_total", "counter", "Calls that have ended.");
    for (device, way, counts) in ways(devices) {
        for outcome in Outcome::ALL {
            let labels = [
                ("device", device),
                ("way", way),
                ("outcome", outcome.name()),
            ];
            text.sample(
                "calls_total",
                &labels,
                read(&counts.outcomes[outcome as usize]),
            );
        }
    }
    text.metric(
        "call_seconds",
        "histogram",
        "Time of calls, from the program's request on.",
    );
    for (device, way, counts) in ways(devices) {
        text.histogram(device, way, counts);
    }
    text.metric("calls_in_flight", "gauge", "Calls that have not ended.");
    for (device, way, counts) in ways(devices) {
        let labels = [("device", device), ("way", way)];
        text.sample("calls_in_flight", &labels, read(&counts.in_flight));
    }
    text.metric(
        "programs",
        "gauge",
        "Programs with a session, and readers of events by HTTP.",
    );
    for (device, way, counts) in ways(devices) {
        let labels = [("device", device), ("way", way)];
        text.sample("programs", &labels, read(&counts.programs));
    }
    text.metric(
        "events_lost_total",
        "counter",
        "Events that programs should have got, and did not.",
    );
    for device in devices {
        let lost = read(&device.metrics.0.lost_events);
        text.sample("events_lost_total", &[("device", &*device.name)], lost);
    }

    for (name, help, of) in OF_LINK {
        let name = format!("link_{name}_total");
        text.metric(&name, "counter", help);
        for device in devices {
            text.sample(&name, &[("device", &*device.name)], of(&device.link));
        }
    }
    text.0
}

/// Returns each device with each way to it.
fn ways(devices: &[Measured]) -> impl Iterator<Item = (&str, &'static str, &OfWay)> {
    devices
        .iter()
        .flat_map(|device| Way::ALL.map(|way| (&*device.name, way.name(), device.metrics.of(way))))
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// The text so far. Writing to a string cannot fail, so that the results of `write!` are dropped.
struct Text(String);

impl Text {
    /// Begins a metric.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP serial_rpc_{name} {help}");
        let _ = writeln!(self.0, "# TYPE serial_rpc_{name} {kind}");
    }

    /// Adds a sample of it.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "serial_rpc_{name}{{");
        for (number, (label, text)) in labels.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            let _ = write!(self.0, "{comma}{label}=\"{}\"", escaped(text));
        }
        let _ = writeln!(self.0, "}} {value}");
    }

    /// Adds the times of the calls of a way. All of them count in a class with a higher bound, too.
    fn histogram(&mut self, device: &str, way: &str, counts: &OfWay) {
        let mut calls = 0;
        for (number, times) in counts.times.iter().enumerate() {
            calls += read(times);
            let bound = match BOUNDS.get(number) {
                Some(&micros) => (micros as f64 / 1e6).to_string(),
                None => "+Inf".to_owned(),
            };
            let labels = [("device", device), ("way", way), ("le", &*bound)];
            self.sample("call_seconds_bucket", &labels, calls);
        }
        let labels = [("device", device), ("way", way)];
        self.sample("call_seconds_sum", &labels, read(&counts.time) as f64 / 1e6);
        self.sample("call_seconds_count", &labels, calls);
    }
}

/// Returns the text of a label as it stands between quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn device(name: &str, metrics: Metrics) -> Measured {
        Measured {
            name: name.to_owned(),
            is_present: true,
            metrics,
            link: Counters {
                broken: 7,
                ..Counters::default()
            },
        }
    }

    /// Returns the value of the sample with that name and these labels.
    fn sample<'t>(text: &'t str, sample: &str) -> &'t str {
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(sample))
            .unwrap_or_else(|| panic!("no {sample} in {text}"))
            .trim_start()
    }

    #[test]
    fn calls_are_counted_by_device_way_and_outcome() {
        let metrics = Metrics::default();
        metrics.begin(Way::Http).end(Outcome::Value);
        metrics.begin(Way::Http).end(Outcome::NeverRan);
        let _in_flight = metrics.begin(Way::Tcp);
        let _program = metrics.connected(Way::Unix);
        metrics.lost_events(3);
        let text = text(&[device("a", metrics), device("b", Metrics::default())]);
        for (name, value) in [
            (r#"calls_total{device="a",way="http",outcome="value"}"#, "1"),
            (
                r#"calls_total{device="a",way="http",outcome="never_ran"}"#,
                "1",
            ),
            (r#"calls_total{device="a",way="unix",outcome="value"}"#, "0"),
            (r#"calls_total{device="b",way="http",outcome="value"}"#, "0"),
            (r#"call_seconds_count{device="a",way="http"}"#, "2"),
            (r#"calls_in_flight{device="a",way="tcp"}"#, "1"),
            (r#"programs{device="a",way="unix"}"#, "1"),
            (r#"events_lost_total{device="a"}"#, "3"),
            (r#"link_frames_broken_total{device="b"}"#, "7"),
            (r#"device_present{device="b"}"#, "1"),
        ] {
            assert_eq!(
                sample(&text, &format!("serial_rpc_{name}")),
                value,
                "{name}"
            );
        }
    }

    #[test]
    fn a_class_of_the_histogram_has_all_calls_up_to_its_bound() {
        let metrics = Metrics::default();
        metrics.of(Way::Http).in_flight.store(2, Ordering::Relaxed);
        for micros in [60, 700] {
            metrics
                .of(Way::Http)
                .ended(Outcome::Value, Duration::from_micros(micros));
        }
        let text = text(&[device("a", metrics)]);
        let bucket = |bound: &str| {
            let name = r#"serial_rpc_call_seconds_bucket{device="a",way="http",le=""#;
            sample(&text, &format!("{name}{bound}\"}}"))
        };
        for (bound, calls) in [
            ("0.00005", "0"),
            ("0.0001", "1"),
            ("0.001", "2"),
            ("+Inf", "2"),
        ] {
            assert_eq!(bucket(bound), calls, "{bound}");
        }
        let sum = sample(
            &text,
            r#"serial_rpc_call_seconds_sum{device="a",way="http"}"#,
        );
        assert_eq!(sum, "0.00076");
    }

    #[test]
    fn a_name_stays_within_its_quotes() {
        let text = text(&[device("a\"} 1\n\\", Metrics::default())]);
        let name = r#"serial_rpc_device_present{device="a\"} 1\n\\"}"#;
        assert_eq!(sample(&text, name), "1");
    }
}

//! A device with a value of every type, an event that keeps coming, a log, blocks, and documentation that
//! would be dangerous as HTML.

use heapless::{String, Vec};
use rpc_proto::Schema;
use rpc_proto::events::Emit;
use rpc_proto::schema::{Shape, Type};
use rpc_proto::service;
use rpc_proto::service::Items;
use rpc_proto::services::blocks::{BlocksService, Stored};
use rpc_proto::services::log::{Level, LogRecord, LogService};
use serde::{Deserialize, Serialize};
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tests::shelf::Shelf;

/// A bench to measure at, with a value of every type.
#[service]
pub trait Workbench {
    /// Returns the figure with another colour.
    #[idempotent]
    fn paint(&mut self, colour: Colour, figure: Figure) -> Painted;

    /// It was measured; that is done all the time.
    #[event]
    fn measured(level: f32, swing: f32);

    /// Returns the numbers.
    #[idempotent]
    fn numbers(
        &mut self,
        small: i8,
        wide: u64,
        lowest: i64,
        widest: i128,
        single: f32,
        double: f64,
    ) -> Numbers;

    /// Returns the parts.
    #[idempotent]
    #[allow(clippy::too_many_arguments, reason = "one of each type")]
    fn parts(
        &mut self,
        flag: bool,
        letter: char,
        text: String<16>,
        key: Vec<u8, 8>,
        name: Option<String<16>>,
        samples: Vec<f32, 4>,
        limits: Limits,
        pair: (u8, bool),
        labels: Labels,
    ) -> Parts;

    /// Fails unless the number is even.
    #[idempotent]
    fn halve(&mut self, number: u16) -> Result<u16, Odd>;

    /// Counts the calls.
    fn count(&mut self) -> u32;

    /// Takes a second and a half.
    fn rest(&mut self);

    #[doc = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script> <b>bold</b>\n\n<a href=\"javascript:document.title='taken'\">second</a> \u{202e}paragraph"]
    #[idempotent]
    fn hostile(&mut self) -> &'static str;

    /// Logs a line.
    fn say(&mut self, level: Level, text: String<32>);

    /// Logs more lines at once than the device has room for.
    fn chatter(&mut self);

    /// The numbers down from that one.
    fn countdown(&mut self, from: u16) -> impl Iterator<Item = Step>;

    /// Adds the numbers to the sum, each with that much more.
    fn sum(&mut self, more: i64, numbers: Items<'_, i32>) -> i64;
}

/// The numbers of `numbers`.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "they are named for the arguments")]
pub struct Numbers {
    pub small: i8,
    pub wide: u64,
    pub lowest: i64,
    pub widest: i128,
    pub single: f32,
    pub double: f64,
}

/// The parts of `parts`.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "they are named for the arguments")]
pub struct Parts {
    pub flag: bool,
    pub letter: char,
    pub text: String<16>,
    pub key: Vec<u8, 8>,
    pub name: Option<String<16>>,
    pub samples: Vec<f32, 4>,
    pub limits: Limits,
    pub pair: (u8, bool),
    pub labels: Labels,
}

/// A struct in a struct.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
pub struct Limits {
    /// The lower one.
    pub low: u8,
    /// The upper one, and whether it counts.
    pub high: High,
}

/// The inner struct.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "they say it all")]
pub struct High {
    pub value: u16,
    pub counts: bool,
}

/// Names with numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Labels(BTreeMap<String<8>, u8>);

impl Schema for Labels {
    const SCHEMA: &'static Type = &Type {
        name: "Labels",
        doc: "",
        shape: Shape::Map(String::<8>::SCHEMA, u8::SCHEMA),
    };
}

/// A colour.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, Schema)]
pub enum Colour {
    /// Like a fire engine.
    Red,
    /// Like grass.
    Green,
}

/// A figure.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
pub enum Figure {
    /// None.
    Nothing,
    /// A point.
    Dot {
        /// To the right.
        x: i16,
        /// Upwards.
        y: i16,
    },
    /// A circle of that radius.
    Circle(f32),
    /// From one number to another.
    Span(u8, u8),
}

/// A figure with its colour.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "they say it all")]
pub struct Painted {
    pub colour: Colour,
    pub figure: Figure,
}

/// A step of a countdown.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
#[allow(missing_docs, reason = "they say it all")]
pub struct Step {
    pub left: u16,
    pub is_last: bool,
}

/// The error of `halve`.
#[derive(Clone, Debug, Serialize, Deserialize, Schema)]
pub enum Odd {
    /// An odd number has no half.
    NotEven,
}

/// The implementation.
pub struct Bench {
    events: Arc<SimulatedEvents>,
    calls: u32,
    sum: i64,
}

impl Workbench for Bench {
    fn numbers(
        &mut self,
        small: i8,
        wide: u64,
        lowest: i64,
        widest: i128,
        single: f32,
        double: f64,
    ) -> Numbers {
        Numbers {
            small,
            wide,
            lowest,
            widest,
            single,
            double,
        }
    }

    fn parts(
        &mut self,
        flag: bool,
        letter: char,
        text: String<16>,
        key: Vec<u8, 8>,
        name: Option<String<16>>,
        samples: Vec<f32, 4>,
        limits: Limits,
        pair: (u8, bool),
        labels: Labels,
    ) -> Parts {
        Parts {
            flag,
            letter,
            text,
            key,
            name,
            samples,
            limits,
            pair,
            labels,
        }
    }

    fn paint(&mut self, colour: Colour, figure: Figure) -> Painted {
        let colour = match colour {
            Colour::Red => Colour::Green,
            Colour::Green => Colour::Red,
        };
        Painted { colour, figure }
    }

    fn halve(&mut self, number: u16) -> Result<u16, Odd> {
        match number % 2 {
            0 => Ok(number / 2),
            _ => Err(Odd::NotEven),
        }
    }

    fn count(&mut self) -> u32 {
        self.calls += 1;
        self.calls
    }

    fn rest(&mut self) {
        thread::sleep(Duration::from_millis(1500));
    }

    fn hostile(&mut self) -> &'static str {
        "<img src=x onerror=\"document.title='taken'\"><b>bold</b>"
    }

    fn say(&mut self, level: Level, text: String<32>) {
        self.log(level, &text);
    }

    fn chatter(&mut self) {
        for _ in 0..1000 {
            self.log(Level::Info, "one line of very many");
        }
    }

    fn countdown(&mut self, from: u16) -> impl Iterator<Item = Step> {
        let step = |left| Step {
            left,
            is_last: left == 0,
        };
        (0..=from).rev().map(step)
    }

    fn sum(&mut self, more: i64, numbers: Items<'_, i32>) -> i64 {
        for number in numbers {
            self.sum = self.sum.wrapping_add(more).wrapping_add(number.into());
        }
        self.sum
    }
}

impl Bench {
    fn log(&self, level: Level, text: &str) {
        let target = "bench";
        self.events.emit(&LogRecord {
            level,
            target,
            text,
        });
    }
}

rpc_proto::interface! {
    /// The whole device.
    pub struct WorkbenchDevice("workbench", "1.2.3") {
        /// The workbench.
        pub workbench: WorkbenchService<Bench>,
        /// Its blocks.
        pub blocks: BlocksService<Stored<Shelf>>,
        /// Its log.
        pub log: LogService<()>,
    }
}

/// Creates the device. It measures until the process ends.
pub fn workbench() -> SimulatedDevice<WorkbenchDevice> {
    let events = Arc::new(SimulatedEvents::new());
    let device = WorkbenchDevice {
        workbench: WorkbenchService(Bench {
            events: Arc::clone(&events),
            calls: 0,
            sum: 0,
        }),
        blocks: BlocksService(Stored::new(Shelf::with(20_000))),
        log: LogService(()),
    };
    let measuring = Arc::clone(&events);
    thread::spawn(move || {
        for count in 0_u16.. {
            let time = f32::from(count);
            measuring.emit(&WorkbenchMeasured {
                level: 20.0 + 5.0 * (time / 12.0).sin(),
                swing: 18.0 + 2.0 * (time / 5.0).cos(),
            });
            thread::sleep(Duration::from_millis(100));
        }
    });
    SimulatedDevice::with_events(device, events)
}

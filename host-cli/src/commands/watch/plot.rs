//! Draws watched numbers in the terminal.

use super::Watched;
use super::chart::{self, Axis, Curve};
use super::source::Source;
use crate::columns::Column;
use crate::failure::{Class, Failure};
use crate::interrupt;
use crate::timestamps::Moment;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::{Color, Print, Stylize};
use crossterm::terminal::{
    self, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen,
};
use crossterm::{execute, queue};
use serde_json::Value;
use serial_rpc::description::Procedure;
use serial_rpc::safe;
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The most values that are drawn; beyond that, the oldest are dropped.
const MOST: usize = 1_000;

/// The interval at which keys and values are checked.
const TICK: Duration = Duration::from_millis(50);

/// The longest time that the thread that waits for values waits before it checks if it should end.
const LOOK_UP: Duration = Duration::from_millis(100);

/// The colours of the curves, in turn.
const COLOURS: [Color; 6] = [
    Color::Cyan,
    Color::Yellow,
    Color::Green,
    Color::Magenta,
    Color::Red,
    Color::Blue,
];

/// Returns the columns to draw: those that were asked for, or every number.
pub fn chosen(
    columns: &[Column],
    procedure: &Procedure,
    names: &[String],
) -> Result<Drawn, Failure> {
    let path = &procedure.path;
    let numbers = columns.iter().filter(|column| column.is_number);
    let numbers: Vec<Column> = numbers.cloned().collect();
    if numbers.is_empty() {
        let message = format!("{path} has no number that could be drawn");
        return Err(Failure::new(Class::Usage, message).hint("without --plot it is shown as text"));
    }
    if !io::stdout().is_terminal() {
        let message = "--plot draws in a terminal, and the output goes somewhere else";
        return Err(Failure::new(Class::Usage, message).hint("--csv FILE records instead"));
    }
    let find = |name: &String| {
        let found = numbers.iter().find(|column| column.name == *name);
        found.cloned().ok_or_else(|| {
            let known: Vec<&str> = numbers.iter().map(|column| column.name.as_str()).collect();
            Failure::new(Class::Usage, format!("{path} has no number `{name}`"))
                .hint(format!("there is {}", known.join(", ")))
        })
    };
    let columns = match names {
        [] => numbers,
        names => names.iter().map(find).collect::<Result<_, _>>()?,
    };
    Ok(Drawn {
        title: path.clone(),
        columns,
    })
}

/// The title and columns to draw.
#[derive(Clone, Debug)]
pub struct Drawn {
    title: String,
    columns: Vec<Column>,
}

/// A message to the drawing thread.
enum Message {
    Value(Result<Value, Failure>),
    /// A message for the user.
    Notice(String),
    /// The user's request.
    Wish(Result<Wish, Failure>),
}

/// Draws until the end, or until the user quits.
pub fn run(drawn: &Drawn, watched: &mut Watched, source: &mut Source<'_>) -> Result<(), Failure> {
    let mut screen = Screen::open()?;
    let is_over = AtomicBool::new(false);
    let (sender, messages) = mpsc::channel();
    let wishes = sender.clone();
    // Nobody waits for this thread: if the terminal is gone, polling for keys may never end.
    thread::spawn(move || {
        loop {
            let wish = wish();
            let is_end = wish.is_err();
            if wishes.send(Message::Wish(wish)).is_err() || is_end {
                return;
            }
        }
    });
    thread::scope(|scope| {
        scope.spawn(|| {
            // Waiting for an absent device must not keep keys from being read.
            let sender = sender;
            let mut notify = |notice| drop(sender.send(Message::Notice(notice)));
            while !is_over.load(Ordering::Relaxed) {
                let Some(value) = source.next(LOOK_UP, &mut notify).transpose() else {
                    continue;
                };
                let is_end = value.is_err();
                if sender.send(Message::Value(value)).is_err() || is_end {
                    return;
                }
            }
        });
        let end = Picture::new(drawn).draw_all(&mut screen, watched, &messages);
        is_over.store(true, Ordering::Relaxed);
        interrupt::cancel();
        end
    })
}

/// The terminal, in drawing mode until this is dropped.
struct Screen;

impl Screen {
    fn open() -> Result<Self, Failure> {
        terminal::enable_raw_mode().map_err(failed)?;
        // From here on it is given back, also when it does not get ready.
        let screen = Self;
        execute!(io::stdout(), EnterAlternateScreen, Hide).map_err(failed)?;
        Ok(screen)
    }

    /// Shows what is drawn for the size that the terminal has now.
    fn show(&mut self, draw: impl FnOnce(usize, usize) -> Vec<String>) -> io::Result<()> {
        let (columns, rows) = terminal::size()?;
        // All at once, or it would flicker.
        let mut output = Vec::new();
        queue!(output, BeginSynchronizedUpdate)?;
        for (row, line) in (0..).zip(draw(columns.into(), rows.into())) {
            let clear = Clear(ClearType::CurrentLine);
            queue!(output, MoveTo(0, row), clear, Print(line))?;
        }
        queue!(output, EndSynchronizedUpdate)?;
        let mut terminal = io::stdout().lock();
        terminal.write_all(&output)?;
        terminal.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone cannot be restored, and an error message could not be shown.
        let _gone = execute!(io::stdout(), Show, LeaveAlternateScreen);
        let _gone = terminal::disable_raw_mode();
    }
}

fn failed(error: io::Error) -> Failure {
    Failure::new(Class::Internal, format!("the terminal failed: {error}"))
}

/// A request of the user.
enum Wish {
    /// Continue.
    More,
    /// Draw again: the terminal has another size.
    Redraw,
    /// End.
    Quit,
    /// Interrupt.
    Interrupt,
}

/// Waits a short time for a key.
fn wish() -> Result<Wish, Failure> {
    if !event::poll(TICK).map_err(failed)? {
        return Ok(Wish::More);
    }
    Ok(match event::read().map_err(failed)? {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key),
        Event::Resize(..) => Wish::Redraw,
        _ => Wish::More,
    })
}

fn of_key(key: KeyEvent) -> Wish {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Wish::Interrupt,
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Wish::Quit,
        _ => Wish::More,
    }
}

/// The curves, and the text around them.
struct Picture<'d> {
    drawn: &'d Drawn,
    started: Instant,
    /// The points of each column: seconds since the start, and the number.
    curves: Vec<VecDeque<(f64, f64)>>,
    latest: Option<Value>,
    notice: String,
}

impl<'d> Picture<'d> {
    fn new(drawn: &'d Drawn) -> Self {
        Self {
            drawn,
            started: Instant::now(),
            curves: vec![VecDeque::new(); drawn.columns.len()],
            latest: None,
            notice: String::new(),
        }
    }

    /// Takes the messages, and draws what is new.
    fn draw_all(
        &mut self,
        screen: &mut Screen,
        watched: &mut Watched,
        messages: &Receiver<Message>,
    ) -> Result<(), Failure> {
        let mut is_new = true;
        let mut drawn_at = Instant::now();
        while let Some(left) = watched.remaining.wait() {
            // Values may come faster than anybody can see.
            if is_new && drawn_at.elapsed() >= TICK || self.latest.is_none() {
                screen
                    .show(|columns, rows| self.draw(columns, rows))
                    .map_err(failed)?;
                drawn_at = Instant::now();
                is_new = false;
            }
            match messages.recv_timeout(left.min(TICK)) {
                Ok(Message::Value(value)) => is_new |= self.take(watched, value?)?,
                Ok(Message::Notice(notice)) => {
                    self.notice = notice;
                    is_new = true;
                }
                Ok(Message::Wish(wish)) => match wish? {
                    Wish::More => {}
                    Wish::Redraw => is_new = true,
                    Wish::Quit => return Ok(()),
                    Wish::Interrupt => return Err(interrupt::interrupted()),
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes a value, and returns true if it changes the picture.
    fn take(&mut self, watched: &mut Watched, value: Value) -> Result<bool, Failure> {
        let now = Moment::now();
        let is_shown = watched.take(&now, &value)?;
        if is_shown {
            self.add(now.seconds_since(self.started), value);
        }
        Ok(is_shown)
    }

    fn add(&mut self, time: f64, value: Value) {
        for (column, curve) in self.drawn.columns.iter().zip(&mut self.curves) {
            if let Some(number) = column.number(&value) {
                if curve.len() == MOST {
                    curve.pop_front();
                }
                curve.push_back((time, number));
            }
        }
        self.latest = Some(value);
    }

    /// The lines of a screen of that size.
    fn draw(&mut self, columns: usize, rows: usize) -> Vec<String> {
        let curves = self.curves.iter_mut().zip(COLOURS.into_iter().cycle());
        let curves: Vec<_> = curves
            .map(|(curve, colour)| Curve {
                colour,
                points: curve.make_contiguous(),
            })
            .collect();
        let points = || curves.iter().flat_map(|curve| curve.points);
        let times = bounds(points().map(|(time, _)| *time), 1.0);
        let numbers = margin(bounds(points().map(|(_, number)| *number), 1.0));
        let axis = |bounds, unit| Axis {
            bounds,
            labels: labels(bounds, unit),
        };
        let (x, y) = (axis(times, " s"), axis(numbers, ""));
        let chart = chart::draw(&curves, &x, &y, columns, rows.saturating_sub(2));
        let notice = cut(&format!("q ends  {}", safe::line(&self.notice)), columns);
        let mut lines = vec![self.heading(columns)];
        lines.extend(chart);
        lines.push(notice.dim().to_string());
        lines.truncate(rows);
        lines
    }

    /// Returns the title and the current state, each number in the colour of its curve.
    fn heading(&self, columns: usize) -> String {
        let Some(latest) = &self.latest else {
            return cut(&format!("{}: nothing yet", self.drawn.title), columns);
        };
        let title = cut(&self.drawn.title, columns);
        let mut left = columns - title.chars().count();
        let mut heading = title.bold().to_string();
        for (column, colour) in self.drawn.columns.iter().zip(COLOURS.iter().cycle()) {
            let number = format!("  {} {}", column.name, safe::line(&column.text(latest)));
            let number = cut(&number, left);
            left -= number.chars().count();
            heading += &number.with(*colour).to_string();
        }
        heading
    }
}

/// Returns the first `columns` characters of a text.
fn cut(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}

/// Returns the smallest and the largest number, at least `apart` apart.
fn bounds(numbers: impl Iterator<Item = f64>, apart: f64) -> [f64; 2] {
    let extremes = numbers.fold(None, |extremes: Option<[f64; 2]>, number| {
        let [least, most] = extremes.unwrap_or([number, number]);
        Some([least.min(number), most.max(number)])
    });
    let [least, most] = extremes.unwrap_or_default();
    // Near the largest of all numbers, adding something may change nothing.
    [least, most.max(least + apart).max(least.next_up())]
}

/// Adds room above and below, so that no curve runs along the frame.
fn margin([least, most]: [f64; 2]) -> [f64; 2] {
    let room = (most / 20.0) - (least / 20.0);
    [(least - room).max(f64::MIN), (most + room).min(f64::MAX)]
}

fn labels([least, most]: [f64; 2], unit: &str) -> [String; 3] {
    [least, least / 2.0 + most / 2.0, most].map(|number| match number.abs() {
        0.0 | 1e-3..1e6 => format!("{number:.2}{unit}"),
        _ => format!("{number:.3e}{unit}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns;
    use serde_json::json;
    use serial_rpc::Connection;
    use serial_rpc_simulator::SimulatedDevice;

    fn drawn() -> Drawn {
        let description = Connection::to(SimulatedDevice::new())
            .description()
            .unwrap();
        let total = description.procedure("calculator.total").unwrap();
        Drawn {
            title: total.path.clone(),
            columns: columns::of(total),
        }
    }

    /// Returns the text on a screen of that size after those values.
    fn screen(columns: usize, rows: usize, values: &[Value]) -> Vec<String> {
        let drawn = drawn();
        let mut picture = Picture::new(&drawn);
        for (second, value) in (0_u32..).zip(values) {
            picture.add(second.into(), value.clone());
        }
        let lines = picture.draw(columns, rows);
        assert_eq!(lines.len(), rows);
        let plain = lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string());
        let plain: Vec<String> = plain.collect();
        for line in &plain {
            assert!(line.chars().count() <= columns, "{plain:#?}");
        }
        plain
            .iter()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn the_latest_value_stands_above_the_curve_and_its_range_beside_it() {
        let lines = screen(40, 12, &[json!(0), json!(10), json!(20)]);
        assert_eq!(lines[0], "calculator.total  total 20");
        assert!(lines[1].starts_with("21.00"), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.starts_with("-1.00")),
            "{lines:?}"
        );
        assert!(
            lines[10].contains("0.00 s") && lines[10].ends_with("2.00 s"),
            "{lines:?}"
        );
        assert_eq!(lines[11], "q ends");
        let is_dot = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c);
        assert!(lines.iter().any(|line| line.contains(is_dot)), "{lines:?}");
    }

    #[test]
    fn before_the_first_value_and_on_the_smallest_screen_it_draws_too() {
        assert_eq!(screen(40, 12, &[])[0], "calculator.total: nothing yet");
        for size in [1, 2, 3] {
            screen(size, size, &[json!(1), json!(f64::MAX), json!(f64::MIN)]);
        }
    }

    #[test]
    fn numbers_of_any_size_have_bounds_that_differ() {
        for number in [0.0, -5.0, 1e300, f64::MAX, f64::MIN] {
            let [least, most] = margin(bounds([number].into_iter(), 1.0));
            assert!(
                least < most && least.is_finite() && most.is_finite(),
                "{number}"
            );
        }
        assert_eq!(bounds([3.0, -1.0, 2.0].into_iter(), 1.0), [-1.0, 3.0]);
    }

    #[test]
    fn q_ends_and_ctrl_c_interrupts() {
        let key = |code, modifiers| of_key(KeyEvent::new(code, modifiers));
        let c = KeyCode::Char('c');
        assert!(matches!(
            key(KeyCode::Char('q'), KeyModifiers::NONE),
            Wish::Quit
        ));
        assert!(matches!(key(KeyCode::Esc, KeyModifiers::NONE), Wish::Quit));
        assert!(matches!(key(c, KeyModifiers::CONTROL), Wish::Interrupt));
        assert!(matches!(key(c, KeyModifiers::NONE), Wish::More));
    }
}

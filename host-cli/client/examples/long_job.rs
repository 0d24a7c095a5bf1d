//! A job that takes longer than a call should: one procedure starts it, events tell its progress, another
//! stops it. Meanwhile the device answers all other calls.
//!
//! If nothing needs to be stopped or answered meanwhile, one `async fn` that emits events will do: `serve_async`
//! sends them while it waits. Its caller needs a time limit to match, by `Connection::within`.
//!
//! `cargo test --example long_job` runs the tests below.

use rpc_proto::events::Emit;
use serial_rpc::Connection;
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// An axis that is moved by a motor.
#[rpc_proto::service]
pub trait Axis {
    /// Begins to move to a position and returns the number of the job.
    fn move_to(&mut self, position: i32) -> Result<u32, Busy>;
    /// Stops that job. Does nothing if it has ended.
    #[idempotent]
    fn stop(&mut self, job: u32);
    /// Returns the last job and what has become of it, for a caller that may have missed its events.
    #[idempotent]
    fn last_job(&self) -> (u32, Progress);
    /// The job has got on.
    #[event]
    fn progress(job: u32, progress: Progress);
}

/// What has become of a job.
#[derive(
    Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema,
)]
pub enum Progress {
    /// The axis is moving and is at this position.
    Moving(i32),
    /// The axis is where it was to go.
    Arrived,
    /// It was stopped at this position.
    Stopped(i32),
}

/// The axis is moving.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, rpc_proto::Schema)]
pub struct Busy;

/// What procedures and the motor's own task share. On a board, it is in a mutex of `critical-section`.
#[derive(Default)]
struct Motion {
    position: i32,
    target: i32,
    job: u32,
    progress: Option<Progress>,
}

/// The procedures: none of them waits.
struct SharedAxis(Arc<Mutex<Motion>>);

impl Axis for SharedAxis {
    fn move_to(&mut self, position: i32) -> Result<u32, Busy> {
        let mut motion = self.0.lock().unwrap();
        if let Some(Progress::Moving(_)) = motion.progress {
            return Err(Busy);
        }
        motion.target = position;
        motion.job += 1;
        motion.progress = Some(Progress::Moving(motion.position));
        Ok(motion.job)
    }

    fn stop(&mut self, job: u32) {
        let mut motion = self.0.lock().unwrap();
        if motion.job == job && matches!(motion.progress, Some(Progress::Moving(_))) {
            motion.progress = Some(Progress::Stopped(motion.position));
        }
    }

    fn last_job(&self) -> (u32, Progress) {
        let motion = self.0.lock().unwrap();
        (motion.job, motion.progress.unwrap_or(Progress::Arrived))
    }
}

/// The motor's task: moves a step at a time, and emits an event at each.
fn run_motor(motion: &Mutex<Motion>, events: &SimulatedEvents) {
    let mut told = None;
    loop {
        thread::sleep(Duration::from_millis(1));
        let mut motion = motion.lock().unwrap();
        if let Some(Progress::Moving(_)) = motion.progress {
            motion.position += (motion.target - motion.position).signum();
            motion.progress = Some(match motion.position == motion.target {
                true => Progress::Arrived,
                false => Progress::Moving(motion.position),
            });
        }
        if let Some(progress) = motion.progress
            && told != Some((motion.job, progress))
        {
            told = Some((motion.job, progress));
            let job = motion.job;
            events.emit(&AxisProgress { job, progress });
        }
    }
}

/// Returns a simulated device whose motor runs.
fn device() -> SimulatedDevice<AxisService<SharedAxis>> {
    let motion = Arc::new(Mutex::new(Motion::default()));
    let events = Arc::new(SimulatedEvents::new());
    let axis = AxisService(SharedAxis(Arc::clone(&motion)));
    let device = SimulatedDevice::with_events(axis, Arc::clone(&events));
    thread::spawn(move || run_motor(&motion, &events));
    device
}

/// Moves the axis and waits until it is there. `at` is called with each position on the way, and stops the
/// job by returning false.
fn move_to(
    device: &Connection,
    position: i32,
    mut at: impl FnMut(i32) -> bool,
) -> Result<Progress, Box<dyn Error>> {
    let mut axis = AxisClient::new(device);
    // Subscribed first, so that no event of the job is missed.
    let events = axis.progress()?;
    let job = axis.move_to(position)?;
    for event in events {
        let event = event?;
        match event.data.progress {
            _ if event.data.job != job => {}
            Progress::Moving(position) => {
                if !at(position) {
                    axis.stop(job)?;
                }
            }
            end => return Ok(end),
        }
    }
    Err("the device does no longer answer".into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let device = Connection::to(device());
    let end = move_to(&device, 20, |position| {
        println!("at {position}");
        true
    })?;
    println!("{end:?}");
    let end = move_to(&device, -1_000, |position| position > 10)?;
    println!("{end:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serial_rpc::CallError;

    #[test]
    fn a_job_ends_where_it_was_to_go() {
        let device = Connection::to(device());
        assert_eq!(move_to(&device, 10, |_| true).unwrap(), Progress::Arrived);
    }

    #[test]
    fn a_job_can_be_stopped_while_it_runs() {
        let device = Connection::to(device());
        let end = move_to(&device, 1_000_000, |position| position < 5).unwrap();
        assert!(matches!(end, Progress::Stopped(5..)), "{end:?}");
    }

    #[test]
    fn other_calls_are_answered_while_a_job_runs() {
        let device = Connection::to(device());
        let mut axis = AxisClient::new(&device);
        let job = axis.move_to(1_000_000).unwrap();
        assert_eq!(axis.move_to(0), Err(CallError::Error(Busy)));
        assert_eq!(axis.last_job().unwrap().0, job);
        axis.stop(job).unwrap();
        assert!(matches!(axis.last_job().unwrap().1, Progress::Stopped(_)));
    }
}

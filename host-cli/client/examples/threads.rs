//! Shares one connection among threads, and has many calls in flight from one thread.

use firmware::calculator::{CalculatorAdd, CalculatorClient};
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::error::Error;
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Connection::to(SimulatedDevice::new());

    // Each thread has a client. Their calls share the link and the device's window.
    let threads: Vec<_> = (1..=4)
        .map(|amount| {
            let mut calculator = CalculatorClient::new(&device);
            thread::spawn(move || calculator.accumulate(amount))
        })
        .collect();
    for thread in threads {
        let total = thread.join().map_err(|_| "a thread has panicked")??;
        println!("a thread saw the total {total}");
    }

    // A thread that does not wait for each answer keeps the line busy.
    let sums = (0..100)
        .map(|x| device.submit::<CalculatorAdd>(&(x, 1)))
        .collect::<Result<Vec<_>, _>>()?;
    let mut last = 0;
    for sum in sums {
        last = sum.wait()?;
    }
    println!("the last of 100 sums is {last}");
    Ok(())
}

//! Awaits calls and events, here in tasks of tokio. Any other executor will do.

use firmware::calculator::CalculatorAsyncClient;
use serial_rpc::Connection;
use serial_rpc_simulator::SimulatedDevice;
use std::error::Error;
use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let device = Connection::to(SimulatedDevice::new());
    let mut calculator = CalculatorAsyncClient::new(&device);
    let mut totals = calculator.total_changed().await?;

    let listener = tokio::spawn(async move {
        while let Some(event) = totals.next_async().await {
            match event {
                Ok(event) if event.data.total < 10 => println!("total: {}", event.data.total),
                Ok(_) => return println!("that is enough"),
                Err(error) => return println!("{error}"),
            }
        }
    });

    for amount in 1..=4 {
        // A call that is dropped, as by this timeout, leaves the connection usable.
        let call = calculator.accumulate(amount);
        tokio::time::timeout(Duration::from_secs(5), call).await??;
    }
    listener.await?;
    Ok(())
}

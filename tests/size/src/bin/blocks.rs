//! The undescribed calculator, and a block of 256 bytes in RAM.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Undescribed;
use rpc_proto::services::blocks::{Block, BlocksService, Failed, Storage, Stored};
use size::{CalculatorService, Checked, Uart};

struct Notes {
    bytes: [u8; 256],
    length: u32,
}

impl Storage for Notes {
    fn block(&self, number: u8) -> Option<Block<'_>> {
        (number == 0).then_some(Block {
            name: "notes",
            length: self.length,
            capacity: 256,
        })
    }

    fn read_at(&mut self, _number: u8, offset: u32, _most: usize) -> &[u8] {
        self.bytes.get(offset as usize..).unwrap_or_default()
    }

    fn write_at(&mut self, _number: u8, offset: u32, bytes: &[u8]) -> Result<(), Failed> {
        let place = self.bytes.get_mut(offset as usize..).ok_or(Failed)?;
        for (place, &byte) in place.iter_mut().zip(bytes) {
            *place = byte;
        }
        Ok(())
    }

    fn finish(&mut self, _number: u8, length: u32) -> Result<(), Failed> {
        self.length = length;
        Ok(())
    }
}

rpc_proto::interface! {
    struct Device("size", "0.1.0") {
        calculator: CalculatorService<Checked>,
        blocks: BlocksService<Stored<Notes>>,
    }
}

#[entry]
fn main() -> ! {
    static mut SERVER: Server<Undescribed<Device>, 64, 1> = Server::new(Undescribed(Device {
        calculator: CalculatorService(Checked),
        blocks: BlocksService(Stored::new(Notes {
            bytes: [0; 256],
            length: 0,
        })),
    }));
    loop {
        let Err(_) = SERVER.serve(&mut Uart);
    }
}

//! The undescribed calculator, and the service by which its firmware is replaced, over slots of 256 bytes of RAM.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;
use cortex_m_rt::entry;
use rpc_proto::server::Server;
use rpc_proto::service::Undescribed;
use rpc_proto::services::update::{
    FlashFailed, Geometry, ImageInfo, SlotState, Slots, Unsigned, UpdateService, Updater, Which,
};
use size::{CalculatorService, Checked, Uart};

struct Memory {
    slots: [[u8; 256]; 2],
    spare: SlotState,
}

impl Slots for Memory {
    fn geometry(&self) -> Geometry {
        Geometry {
            address: 0,
            capacity: 256,
            page: 16,
        }
    }

    fn state(&mut self, which: Which) -> Result<SlotState, FlashFailed> {
        Ok(match which {
            Which::Active => SlotState::Confirmed,
            Which::Spare => self.spare,
        })
    }

    fn read(&mut self, which: Which, offset: u32, bytes: &mut [u8]) -> Result<(), FlashFailed> {
        let slot = self.slots.get(which as usize).ok_or(FlashFailed)?;
        let from = slot.get(offset as usize..).ok_or(FlashFailed)?;
        for (place, &byte) in bytes.iter_mut().zip(from) {
            *place = byte;
        }
        Ok(())
    }

    fn begin(&mut self, _total: u32, offset: u32) -> Result<u32, FlashFailed> {
        self.spare = SlotState::Empty;
        Ok(offset)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashFailed> {
        let place = self.slots.get_mut(1).ok_or(FlashFailed)?;
        let place = place.get_mut(offset as usize..).ok_or(FlashFailed)?;
        for (place, &byte) in place.iter_mut().zip(bytes) {
            *place = byte;
        }
        Ok(())
    }

    fn activate(&mut self) -> Result<(), FlashFailed> {
        self.spare = SlotState::Pending;
        Ok(())
    }

    fn confirm(&mut self) -> Result<(), FlashFailed> {
        Ok(())
    }

    fn revert(&mut self) -> Result<(), FlashFailed> {
        self.spare = SlotState::Empty;
        Ok(())
    }

    fn reboot(&mut self) {
        cortex_m::peripheral::SCB::sys_reset();
    }
}

static INFO: ImageInfo = ImageInfo::new("size", "0.1.0");

rpc_proto::interface! {
    struct Device("size", "0.1.0") {
        calculator: CalculatorService<Checked>,
        update: UpdateService<Updater<Memory, Unsigned>>,
    }
}

#[entry]
fn main() -> ! {
    // A server with a reference in it is not all zeros: it is made at the start, and takes no flash for initial values.
    static mut SERVER: MaybeUninit<Server<Undescribed<Device>, 64, 1>> = MaybeUninit::uninit();
    let server = SERVER.write(Server::new(Undescribed(Device {
        calculator: CalculatorService(Checked),
        update: UpdateService(Updater::new(
            &INFO,
            Memory {
                slots: [[0; 256]; 2],
                spare: SlotState::Empty,
            },
            Unsigned,
        )),
    })));
    loop {
        let Err(_) = server.serve(&mut Uart);
    }
}

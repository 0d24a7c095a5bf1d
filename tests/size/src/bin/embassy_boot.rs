//! The undescribed calculator, and a firmware that can be replaced, by the boot loader `embassy-boot`, from the flash
//! of the LM3S6965.
#![no_std]
#![no_main]

use core::mem::MaybeUninit;
use cortex_m_rt::entry;
use firmware_update::embassy::{EmbassyBoot, Partitions};
use rpc_proto::server::Server;
use rpc_proto::service::Undescribed;
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater};
use size::flash::Flash;
use size::{CalculatorService, Checked, Uart};

static INFO: ImageInfo = ImageInfo::new("size", "0.1.0");

type Slots = EmbassyBoot<Flash, Flash, Flash, fn()>;

rpc_proto::interface! {
    struct Device("size", "0.1.0") {
        calculator: CalculatorService<Checked>,
        update: UpdateService<Updater<Slots, Unsigned>>,
    }
}

#[entry]
fn main() -> ! {
    // A server with a reference in it is not all zeros: it is made at the start, and takes no flash for initial values.
    static mut SERVER: MaybeUninit<Server<Undescribed<Device>, 64, 1>> = MaybeUninit::uninit();
    let partitions = Partitions {
        active: Flash::new(0x8000, 0x1_8000),
        dfu: Flash::new(0x2_0000, 0x1_8400),
        state: Flash::new(0x3_C000, 0x1000),
    };
    let server = SERVER.write(Server::new(Undescribed(Device {
        calculator: CalculatorService(Checked),
        update: UpdateService(Updater::new(
            &INFO,
            EmbassyBoot::new(partitions, 0x8000, size::flash::restart),
            Unsigned,
        )),
    })));
    loop {
        let Err(_) = server.serve(&mut Uart);
    }
}

//! An update works whatever else the two ends disagree about: the keys of the service never change.

use rpc_proto::client::CallError;
use rpc_proto::server::NoEvents;
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply, StaticInterface};
use rpc_proto::services::log::LogService;
use rpc_proto::services::update::{ImageInfo, Unsigned, UpdateService, Updater};
use rpc_proto::wire::message::Fault;
use tests::counter::{CounterClient, CounterService, Journal, JournaledCounter};
use tests::updatable::{NEW, OLD, Slots, Updatable, bring_to, caller, new, old, running};

type Update = UpdateService<Updater<Slots, Unsigned>>;

rpc_proto::interface! {
    struct Early("lamp", "1.0.0") {
        update: Update,
        log: LogService<()>,
    }
}

rpc_proto::interface! {
    struct Late("lamp", "2.0.0") {
        counter: CounterService<JournaledCounter<NoEvents>>,
        update: Update,
    }
}

/// The interface of the firmware that runs: old and new have nothing in common but `update`, and that has
/// other numbers.
enum Firmware {
    Early(Early),
    Late(Late),
}

/// Asks the interface of the firmware that runs.
macro_rules! of {
    ($firmware:ident, $interface:ident => $answer:expr) => {
        match $firmware {
            Firmware::Early($interface) => $answer,
            Firmware::Late($interface) => $answer,
        }
    };
}

impl Interface for Firmware {
    fn description(&self, offset: u32) -> &[u8] {
        of!(self, interface => interface.description(offset))
    }

    fn fingerprint(&self) -> u32 {
        of!(self, interface => interface.fingerprint())
    }

    fn resolve(&self, key: u32) -> Option<u16> {
        of!(self, interface => interface.resolve(key))
    }
}

impl Dispatch for Firmware {
    fn dispatch(
        &mut self,
        index: u16,
        arguments: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        of!(self, interface => interface.dispatch(index, arguments, reply))
    }
}

impl Updatable for Firmware {
    type Verifier = Unsigned;

    fn new(info: &'static ImageInfo, updater: Updater<Slots, Unsigned>) -> Self {
        let update = UpdateService(updater);
        match info == &OLD {
            true => Self::Early(Early {
                update,
                log: LogService(()),
            }),
            false => Self::Late(Late {
                counter: CounterService(JournaledCounter::new(0, Journal::default(), NoEvents)),
                update,
            }),
        }
    }

    fn updater(&mut self) -> &mut Updater<Slots, Unsigned> {
        of!(self, interface => &mut interface.update.0)
    }
}

#[test]
fn a_caller_updates_a_device_whose_other_services_it_does_not_know_there_and_back() {
    let mut caller = caller::<Firmware>();
    let unknown = Err(CallError::NoSuchProcedure);
    assert_eq!(CounterClient::new(&mut caller).double(4), unknown);

    // The same caller goes on, and knows the numbers of the firmware before.
    bring_to(&mut caller, &new());
    assert_eq!(running(&mut caller), &NEW);
    assert_eq!(CounterClient::new(&mut caller).double(4), Ok(8));

    bring_to(&mut caller, &old());
    assert_eq!(running(&mut caller), &OLD);
    assert_eq!(CounterClient::new(&mut caller).double(4), unknown);
}

#[test]
fn the_keys_do_not_depend_on_what_else_a_device_offers() {
    let early = Early::KEYS[0];
    let late = Late::KEYS[1];
    assert_eq!(early, late);
    assert_ne!(Early::FINGERPRINT, Late::FINGERPRINT);
}

//! Tests that a description from the cache is that of the device, also when another has the same fingerprint.

use rpc_proto::describe::{DIGEST, DIGEST_OFFSET, digest, fingerprint};
use rpc_proto::service::{Arguments, Dispatch, Interface, Replied, Reply};
use rpc_proto::wire::message::Fault;
use serde_json::json;
use serial_rpc::Connection;
use serial_rpc::cache::Cache;
use serial_rpc_simulator::SimulatedDevice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A device whose procedures return the first byte of their names.
struct Rig {
    names: [&'static str; 2],
    description: Vec<u8>,
    digest: Option<[u8; DIGEST]>,
    /// The number of times that a part of the description was asked for.
    parts_read: Arc<AtomicUsize>,
}

impl Rig {
    fn new(names: [&'static str; 2], doc: &str) -> Self {
        let procedure = |name, doc| (name, doc, [0u8; 0].as_slice(), "u8", 2u8, 0u8, 1u8);
        let procedures = [procedure(names[0], doc), procedure(names[1], "")];
        let services = [("rig", "", &procedures[..])];
        let description = postcard::to_stdvec(&("rig", "1.0.0", &services[..])).unwrap();
        Self {
            names,
            digest: Some(digest(&[&description])),
            description,
            parts_read: Arc::default(),
        }
    }

    fn old() -> Self {
        Self::new(["total", "clear"], &"x".repeat(64))
    }

    /// Returns one with other numbers, and a doc that is made to hide that.
    fn made_alike() -> Self {
        let doc = "xxyxyxxyyyyxyxxyyxxyyxyxxxyxxxxyxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
        Self::new(["clear", "total"], doc)
    }

    /// Leaves the digest out.
    fn without_digest(self) -> Self {
        Self {
            digest: None,
            ..self
        }
    }
}

impl Interface for Rig {
    fn description(&self, offset: u32) -> &[u8] {
        match &self.digest {
            Some(digest) if offset == DIGEST_OFFSET => digest,
            _ => {
                self.parts_read.fetch_add(1, Ordering::Relaxed);
                self.description.get(offset as usize..).unwrap_or_default()
            }
        }
    }

    fn fingerprint(&self) -> u32 {
        fingerprint(&[&self.description])
    }

    fn resolve(&self, _: u32) -> Option<u16> {
        None
    }
}

impl Dispatch for Rig {
    fn dispatch(
        &mut self,
        index: u16,
        _: Arguments<'_>,
        reply: Reply<'_>,
    ) -> Result<Replied, Fault> {
        let name = self.names.get(usize::from(index));
        let name = name.ok_or(Fault::UnknownProcedure)?;
        Ok(reply.value(&name.as_bytes()[0]))
    }
}

/// Connects with a device and calls `rig.total`.
fn total(rig: Rig, cache: &Cache) -> serde_json::Value {
    let device = Connection::to(SimulatedDevice::with(rig)).with_cache(cache.clone());
    device.call("rig.total", &json!([])).unwrap()
}

#[test]
fn a_description_made_to_have_the_fingerprint_of_another_is_not_taken_for_it() {
    let [old, alike] = [Rig::old(), Rig::made_alike()];
    assert_eq!(old.fingerprint(), alike.fingerprint());
    assert_eq!(old.description.len(), alike.description.len());
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path());
    assert_eq!(total(old, &cache), b't');
    assert_eq!(total(alike, &cache), b't');
    assert_eq!(total(Rig::made_alike().without_digest(), &cache), b't');
    assert_eq!(total(Rig::old(), &cache), b't');
}

#[test]
fn firmware_made_alike_that_comes_with_a_reset_is_not_taken_for_the_old() {
    for [old, alike] in [
        [Rig::old(), Rig::made_alike()],
        [
            Rig::old().without_digest(),
            Rig::made_alike().without_digest(),
        ],
    ] {
        let simulated = SimulatedDevice::with(old);
        let device = Connection::to(simulated.clone());
        let call = |path| device.call(path, &json!([])).unwrap();
        assert_eq!(call("rig.total"), b't');
        simulated.power_cycle(alike);
        // The call by which the reset is noticed may still go by the old numbers.
        device
            .submit::<rpc_proto::device::DeviceStatistics>(&())
            .unwrap()
            .wait()
            .unwrap();
        assert_eq!(call("rig.total"), b't');
    }
}

#[test]
fn a_description_crosses_the_link_once_for_each_interface() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path());
    for is_new in [true, false] {
        let rig = Rig::old();
        let parts_read = Arc::clone(&rig.parts_read);
        let simulated = SimulatedDevice::with(rig);
        let device = Connection::to(simulated.clone()).with_cache(cache.clone());
        assert_eq!(device.call("rig.total", &json!([])).unwrap(), b't');
        assert_eq!(parts_read.load(Ordering::Relaxed) > 0, is_new);

        // Nor after a reset.
        let rig = Rig::old();
        let parts_read = Arc::clone(&rig.parts_read);
        simulated.power_cycle(rig);
        assert_eq!(device.call("rig.clear", &json!([])).unwrap(), b'c');
        assert_eq!(parts_read.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_device_without_a_digest_is_asked_for_its_description_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(folder.path());
    for _ in 0..2 {
        let rig = Rig::old().without_digest();
        let parts_read = Arc::clone(&rig.parts_read);
        assert_eq!(total(rig, &cache), b't');
        // The part that it is, its end, and the digest that it has not.
        assert_eq!(parts_read.load(Ordering::Relaxed), 3);
    }
}

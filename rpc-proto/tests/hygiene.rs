//! What is generated stays clear of the user's names, and takes docs however they are written.

use rpc_proto::service::{Service, StaticInterface};

/// Traits of every visibility, with types that are no more visible.
#[allow(dead_code)]
#[allow(clippy::needless_pub_self)]
mod outer {
    pub mod inner {
        use rpc_proto::Schema;
        use serde::{Deserialize, Serialize};

        #[derive(Serialize, Deserialize, Schema)]
        struct Own(u8);
        #[derive(Serialize, Deserialize, Schema)]
        pub(super) struct Outer(u8);
        #[derive(Serialize, Deserialize, Schema)]
        pub(crate) struct Crate(u8);

        #[rpc_proto::service]
        trait Private {
            fn get(&self) -> Own;
        }
        #[rpc_proto::service]
        pub(self) trait Selfish {
            fn get(&self) -> Own;
        }
        #[rpc_proto::service]
        pub(super) trait Shared {
            fn get(&self) -> Outer;
        }
        #[rpc_proto::service]
        pub(in crate::outer) trait Within {
            fn get(&self) -> Outer;
        }
        #[rpc_proto::service]
        pub(crate) trait Everywhere {
            fn get(&self) -> Crate;
        }
    }
    #[allow(unused_imports)]
    use inner::{SharedGet, WithinGet};
}
#[allow(unused_imports)]
use outer::inner::EverywhereGet;

/// Everything in scope that a careless macro would trip over.
#[allow(dead_code, non_camel_case_types)]
mod crowded {
    use rpc_proto::Schema;
    use serde::{Deserialize, Serialize};

    pub type Result<T> = core::result::Result<T, String>;
    pub struct Option;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Default;
    pub const KEYS: usize = 2;
    pub const SERVICE: usize = 3;
    pub const HEADER: &str = "crowded";
    pub const ENCODED: &str = "1.0.0";

    /// Named as the procedure `state` is.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
    pub struct LampState {
        pub on: bool,
    }

    /// Named as type parameters often are.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
    pub struct C(pub u8);
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Schema)]
    pub struct T(pub u16);

    #[rpc_proto::service]
    pub trait Lamp {
        fn state(&self) -> LampState;
        fn set(&mut self, t: T, c: C) -> core::result::Result<T, C>;
        fn colours(&self) -> heapless::Vec<C, KEYS>;
        fn levels(&self) -> [T; SERVICE];
        fn many(&self) -> impl Iterator<Item = C>;
        // As the generated types are named.
        fn client(&self) -> u8;
        fn service(&self) -> u8;
        fn async_client(&self) -> u8;
        fn r#type(&self, r#in: u8) -> u8;
        #[event]
        fn changed(c: C, r#type: T);
    }

    pub struct Bulb;

    impl Lamp for Bulb {
        fn state(&self) -> LampState {
            LampState { on: true }
        }
        fn set(&mut self, t: T, _: C) -> core::result::Result<T, C> {
            core::result::Result::Ok(t)
        }
        fn colours(&self) -> heapless::Vec<C, KEYS> {
            heapless::Vec::new()
        }
        fn levels(&self) -> [T; SERVICE] {
            [0, 1, 2].map(T)
        }
        fn many(&self) -> impl Iterator<Item = C> {
            core::iter::empty()
        }
        fn client(&self) -> u8 {
            1
        }
        fn service(&self) -> u8 {
            2
        }
        fn async_client(&self) -> u8 {
            3
        }
        fn r#type(&self, r#in: u8) -> u8 {
            r#in
        }
    }

    rpc_proto::interface! {
        pub struct Crowded(HEADER, ENCODED) {
            lamp: LampService<Bulb>,
        }
    }
}

#[test]
fn a_service_among_types_named_as_what_is_generated_compiles_and_has_its_procedures() {
    let crowded::LampState { on } = crowded::Lamp::state(&crowded::Bulb);
    assert!(on);
    assert_eq!(
        <crowded::LampService<crowded::Bulb> as Service>::KEYS.len(),
        10
    );
    let changed = crowded::LampChanged {
        c: crowded::C(1),
        r#type: crowded::T(2),
    };
    assert_eq!(changed.clone(), changed);
    assert!(contains(crowded::Crowded::DESCRIPTION, "type"));
    assert!(!contains(crowded::Crowded::DESCRIPTION, "r#type"));
}

fn contains(description: &[&[u8]], text: &str) -> bool {
    let bytes = description.concat();
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[doc = include_str!("hygiene/lamp.md")]
#[rpc_proto::service]
#[allow(dead_code)]
trait Documented {
    /** Switches it. */
    fn switch(&mut self, on: bool);

    /**
     * Dims it,
     *
     * * slowly,
     *   or at once.
     */
    fn dim(&mut self);

    /**
    Counts
        how often.
    */
    fn count(&self) -> u32;

    /// First comes this,
    #[doc = concat!("then ", "that")]
    /// and this at last.
    fn mixed(&self);

    #[doc = "One line\nand another."]
    #[event]
    fn told();
}

#[test]
fn docs_are_described_however_they_are_written() {
    let description = [<DocumentedService<()> as Service>::DESCRIPTION];
    for (name, doc) in [
        ("documented", "A lamp, described elsewhere."),
        ("switch", "Switches it."),
        ("dim", "Dims it,\n\n* slowly,\n  or at once."),
        ("count", "Counts\n    how often."),
        ("mixed", "First comes this,\nthen that\nand this at last."),
        ("told", "One line\nand another."),
    ] {
        let [name_len, doc_len] = [name, doc].map(|text| char::from(text.len() as u8));
        let described = format!("{name_len}{name}{doc_len}{doc}");
        assert!(contains(&description, &described), "{described:?}");
    }
}

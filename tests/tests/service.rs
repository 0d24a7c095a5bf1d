//! Tests the code that `#[service]` generates from a trait, and `interface!` from several.

use rpc_proto::client::{CallError, Client, Timing};
use rpc_proto::device::Statistics;
use rpc_proto::device::{DeviceDescribe, DevicePing, DeviceResolve, DeviceStatistics};
use rpc_proto::drivers::BlockingCaller;
use rpc_proto::server::Server;
use rpc_proto::service;
use rpc_proto::service::{
    Dispatch, Interface, Member, Never, Procedure, StaticInterface, Undescribed,
};
use rpc_proto::wire::message::Fault;
use tests::clock::VirtualClock;
use tests::loopback::Loopback;
use tests::wire::{Message, hand};

mod lonely {
    //! There is no `use`: the generated code needs no name in scope.

    /// A service with everything that a procedure may look like.
    #[::rpc_proto::service]
    pub trait Shapes {
        fn nothing(&mut self);
        fn by_shared_reference(&self) -> u8;
        fn value(&mut self, x: i16) -> (i16, bool);
        fn result(&mut self, fail: bool) -> Result<u8, char>;
        #[allow(unused_qualifications)]
        fn qualified_result(&mut self) -> core::result::Result<(), ()>;
        fn text<'a>(&mut self, text: &'a str, bytes: &[u8]) -> &'a str;
        fn own_text(&mut self) -> &str;
        fn optional<'a>(&mut self, text: Option<&'a str>) -> Result<Option<&'a str>, u8>;
        fn never_changing(&mut self) -> &'static str;
        #[allow(clippy::too_many_arguments)]
        fn twelve(
            &mut self,
            a: u8,
            b: u8,
            c: u8,
            d: u8,
            e: u8,
            f: u8,
            g: u8,
            h: u8,
            i: u8,
            j: u8,
            k: u8,
            l: u8,
        ) -> u16;
        fn r#match(&mut self, r#type: u8) -> u8;
        #[idempotent]
        fn set_point(&mut self, self_: u8, arguments: u8, reply: u8, index: u8) -> u8;
        /// It has a body, so implementations may leave it out.
        fn default_body(&mut self, x: u8) -> u8 {
            x + self.by_shared_reference()
        }
    }
}
use lonely::*;

/// Names that the generated code must not confuse with its own.
#[service]
pub(crate) trait HTTPPort2 {
    fn call(&mut self, caller: u8) -> u8;
    fn dispatch(&mut self, value: u8) -> u8;
    fn result(&mut self, call: u8, outcome: u8) -> Result<u8, u8>;
}

struct Bench;

impl Shapes for Bench {
    fn nothing(&mut self) {}
    fn by_shared_reference(&self) -> u8 {
        40
    }
    fn value(&mut self, x: i16) -> (i16, bool) {
        (-x, true)
    }
    fn result(&mut self, fail: bool) -> Result<u8, char> {
        if fail { Err('ß') } else { Ok(3) }
    }
    fn qualified_result(&mut self) -> Result<(), ()> {
        Err(())
    }
    fn text<'a>(&mut self, text: &'a str, bytes: &[u8]) -> &'a str {
        &text[bytes.len()..]
    }
    fn own_text(&mut self) -> &str {
        "own"
    }
    fn optional<'a>(&mut self, text: Option<&'a str>) -> Result<Option<&'a str>, u8> {
        Ok(text)
    }
    fn never_changing(&mut self) -> &'static str {
        "static"
    }
    fn twelve(
        &mut self,
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: u8,
    ) -> u16 {
        let digits = [a, b, c, d, e, f, g, h, i, j, k, l];
        (1..)
            .zip(digits)
            .map(|(place, digit)| place * u16::from(digit))
            .sum()
    }
    fn r#match(&mut self, r#type: u8) -> u8 {
        r#type + 1
    }
    fn set_point(&mut self, self_: u8, arguments: u8, reply: u8, index: u8) -> u8 {
        self_ - arguments - reply - index
    }
}

impl HTTPPort2 for Bench {
    fn call(&mut self, caller: u8) -> u8 {
        caller
    }
    fn dispatch(&mut self, value: u8) -> u8 {
        value + 100
    }
    fn result(&mut self, call: u8, outcome: u8) -> Result<u8, u8> {
        call.checked_sub(outcome).ok_or(outcome)
    }
}

/// A caller whose device is a server in memory.
type AtHand<I> = BlockingCaller<Loopback<I, 128, 1>, VirtualClock, Client<128>>;

fn at_hand<I: Dispatch>(interface: I) -> AtHand<I> {
    let client = Client::new(1, Timing::default());
    BlockingCaller::new(Loopback::new(interface), VirtualClock::default(), client)
}

/// Calls by number, in a session of its own.
fn call<I: Dispatch>(
    server: &mut Server<I, 128, 1>,
    number: u16,
    arguments: &impl serde::Serialize,
) -> Message {
    hand(server, &Message::connect(1).frame());
    let mut said = hand(server, &Message::call(0, number, arguments).frame());
    assert_eq!(said.len(), 1);
    said.remove(0)
}

fn client() -> ShapesClient<AtHand<ShapesService<Bench>>> {
    ShapesClient::new(at_hand(ShapesService(Bench)))
}

#[test]
fn the_client_has_the_methods_of_the_trait() {
    let mut client = client();
    assert_eq!(client.nothing(), Ok(()));
    assert_eq!(client.by_shared_reference(), Ok(40));
    assert_eq!(client.value(7), Ok((-7, true)));
    assert_eq!(client.result(false), Ok(3));
    assert_eq!(client.result(true), Err(CallError::Error('ß')));
    assert_eq!(client.qualified_result(), Err(CallError::Error(())));
    assert_eq!(client.text("größer", b"12"), Ok("ößer"));
    assert_eq!(client.own_text(), Ok("own"));
    assert_eq!(client.optional(Some("x")), Ok(Some("x")));
    assert_eq!(client.optional(None), Ok(None));
    assert_eq!(client.never_changing(), Ok("static"));
    assert_eq!(client.twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2), Ok(320));
    assert_eq!(client.r#match(1), Ok(2));
    assert_eq!(client.set_point(9, 3, 2, 1), Ok(3));
    assert_eq!(client.default_body(2), Ok(42));
}

#[test]
fn the_trait_stays_as_it_was_written() {
    /// Uses the trait without knowing of services.
    fn use_it(shapes: &mut impl Shapes) -> u8 {
        shapes.default_body(1)
    }
    assert_eq!(use_it(&mut Bench), 41);
    assert_eq!(HTTPPort2::dispatch(&mut Bench, 1), 101);
}

#[test]
fn no_name_of_a_procedure_or_argument_is_taken() {
    let mut client = HTTPPort2Client::new(at_hand(HTTPPort2Service(Bench)));
    assert_eq!(client.call(9), Ok(9));
    assert_eq!(client.dispatch(1), Ok(101));
    assert_eq!(client.result(5, 2), Ok(3));
    assert_eq!(client.result(2, 5), Err(CallError::Error(5)));
}

#[test]
fn paths_are_the_words_of_the_names() {
    #[service]
    #[allow(dead_code)]
    trait I2CBus {
        fn read_rail(&mut self);
    }
    #[service]
    #[allow(dead_code)]
    trait Port2Lamp {
        fn on(&mut self);
    }
    assert_eq!(I2CBusReadRail::PATH, "i2c_bus.read_rail");
    assert_eq!(Port2LampOn::PATH, "port2_lamp.on");
    assert_eq!(ShapesSetPoint::PATH, "shapes.set_point");
    assert_eq!(ShapesMatch::PATH, "shapes.match");
    assert_eq!(HTTPPort2Call::PATH, "http_port2.call");
}

#[test]
fn only_marked_procedures_are_idempotent() {
    const { assert!(ShapesSetPoint::IDEMPOTENT && !ShapesNothing::IDEMPOTENT) }
}

#[test]
fn a_procedure_without_an_error_has_one_that_cannot_be() {
    fn error_of<P: Procedure<Error = E>, E>(_: P) {}
    fn check(nothing: ShapesNothing, result: ShapesResult) {
        error_of::<_, Never>(nothing);
        error_of::<_, char>(result);
    }
    let _ = check;
}

#[test]
fn procedures_are_numbered_in_the_order_of_the_trait() {
    let shapes = ShapesService(Bench);
    let keys = [
        ShapesNothing::KEY,
        ShapesBySharedReference::KEY,
        ShapesValue::KEY,
    ];
    assert_eq!(ShapesService::<Bench>::KEYS[0][..3], keys);
    for (index, &key) in (0..).zip(ShapesService::<Bench>::KEYS[0]) {
        assert_eq!(shapes.resolve(key), Some(index));
    }
    assert_eq!(shapes.resolve(HTTPPort2Call::KEY), None);
}

rpc_proto::interface! {
    /// Three services.
    pub struct Trio("trio", "1.2.3") {
        /// It may be reached from outside.
        pub shapes: ShapesService<Bench>,
        port: HTTPPort2Service<Bench>,
        lamp: LampService<Lit>,
    }
}

rpc_proto::interface! {
    struct Duo("duo", "1") { lamp: LampService<Lit>, port: HTTPPort2Service<Bench> }
}

#[service]
trait Lamp {
    fn on(&mut self) -> bool;
}

struct Lit(bool);
impl Lamp for Lit {
    fn on(&mut self) -> bool {
        self.0
    }
}

fn trio() -> Trio {
    Trio {
        shapes: ShapesService(Bench),
        port: HTTPPort2Service(Bench),
        lamp: LampService(Lit(true)),
    }
}

fn duo() -> Duo {
    Duo {
        lamp: LampService(Lit(false)),
        port: HTTPPort2Service(Bench),
    }
}

#[test]
fn a_call_reaches_its_service_in_an_interface_of_several() {
    let mut caller = at_hand(trio());
    assert_eq!(ShapesClient::new(&mut caller).default_body(2), Ok(42));
    assert_eq!(HTTPPort2Client::new(&mut caller).dispatch(2), Ok(102));
    assert_eq!(LampClient::new(&mut caller).on(), Ok(true));
    let mut caller = at_hand(duo());
    assert_eq!(LampClient::new(&mut caller).on(), Ok(false));
    assert_eq!(HTTPPort2Client::new(&mut caller).call(2), Ok(2));
    let missing = ShapesClient::new(&mut caller).nothing();
    assert_eq!(missing, Err(CallError::NoSuchProcedure));
}

#[test]
fn an_interface_may_have_type_parameters() {
    rpc_proto::interface! {
        struct Desk<L: Lamp, T: Shapes>("desk", "1.0.0") {
            lamp: LampService<L>,
            shapes: ShapesService<T>,
        }
    }
    let mut caller = at_hand(Desk {
        lamp: LampService(Lit(true)),
        shapes: ShapesService(Bench),
    });
    assert_eq!(LampClient::new(&mut caller).on(), Ok(true));
    assert_eq!(ShapesClient::new(&mut caller).nothing(), Ok(()));
}

#[test]
fn an_interface_numbers_its_services_in_the_order_written() {
    let shapes = ShapesService::<Bench>::KEYS[0].len() as u16;
    assert_eq!(trio().resolve(ShapesNothing::KEY), Some(0));
    assert_eq!(trio().resolve(HTTPPort2Call::KEY), Some(shapes));
    assert_eq!(trio().resolve(HTTPPort2Result::KEY), Some(shapes + 2));
    assert_eq!(trio().resolve(LampOn::KEY), Some(shapes + 3));
    assert_eq!(duo().resolve(LampOn::KEY), Some(0));
    assert_eq!(duo().resolve(HTTPPort2Result::KEY), Some(3));
}

#[test]
fn a_number_behind_the_last_is_unknown() {
    let unknown = Message::fault(0, Fault::UnknownProcedure);
    let mut duo = Server::new(duo());
    assert_eq!(call(&mut duo, 8, &()), Message::value(0, false));
    assert_eq!(call(&mut duo, 11, &(1_u8, 1_u8)), Message::value(0, 0_u8));
    for number in [12, 100, u16::MAX] {
        assert_eq!(call(&mut duo, number, &()), unknown);
    }
    let mut lamp = Server::new(LampService(Lit(true)));
    assert_eq!(call(&mut lamp, 9, &()), unknown);
}

#[test]
fn numbers_below_eight_are_the_devices_own() {
    let mut device = Server::new(duo());
    let description: Vec<u8> = Duo::DESCRIPTION.concat();
    let resolved = call(&mut device, DeviceResolve::NUMBER.unwrap(), &(LampOn::KEY,));
    assert_eq!(resolved, Message::value(0, Some(8_u16)));
    let mut described = Vec::new();
    loop {
        let offset = described.len() as u32;
        let chunk = call(&mut device, DeviceDescribe::NUMBER.unwrap(), &(offset,));
        let chunk: Vec<u8> = postcard::from_bytes(&chunk.body).expect("bytes");
        if chunk.is_empty() {
            break;
        }
        described.extend(chunk);
    }
    assert_eq!(described, description);
    let counted = call(&mut device, DeviceStatistics::NUMBER.unwrap(), &());
    let counted: Statistics = postcard::from_bytes(&counted.body).expect("statistics");
    assert_eq!(counted, *device.statistics());
    let ping = call(&mut device, DevicePing::NUMBER.unwrap(), &("ping",));
    assert_eq!(ping, Message::value(0, "ping"));
    for number in 4..8 {
        let unknown = Message::fault(0, Fault::UnknownProcedure);
        assert_eq!(call(&mut device, number, &()), unknown);
    }
}

#[test]
fn the_devices_own_procedures_have_the_numbers_of_the_protocol() {
    let numbers = [
        DeviceDescribe::NUMBER,
        DeviceResolve::NUMBER,
        DeviceStatistics::NUMBER,
        DevicePing::NUMBER,
        LampOn::NUMBER,
    ];
    assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(3), None]);
}

#[test]
fn an_undescribed_interface_serves_its_callers_and_describes_nothing() {
    let mut caller = at_hand(Undescribed(duo()));
    assert_eq!(HTTPPort2Client::new(&mut caller).call(2), Ok(2));
    let described = call(&mut caller.link().server, 0, &(0_u32,));
    assert_eq!(described, Message::value(0, ""));
    assert_eq!(Undescribed(duo()).fingerprint(), Duo::FINGERPRINT);
}

/// Bytes, which go as one run each way.
#[service]
trait Runs {
    fn slice<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8];
    fn array(&mut self, bytes: [u8; 3]) -> [u8; 3];
    fn list(&mut self, bytes: heapless::Vec<u8, 4>) -> heapless::Vec<u8, 4>;
    fn slice_or_error<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], u8>;
    fn list_or_error(&mut self, bytes: &[u8]) -> Result<heapless::Vec<u8, 4>, u8>;
}

impl Runs for Bench {
    fn slice<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        bytes
    }
    fn array(&mut self, bytes: [u8; 3]) -> [u8; 3] {
        bytes
    }
    fn list(&mut self, bytes: heapless::Vec<u8, 4>) -> heapless::Vec<u8, 4> {
        bytes
    }
    fn slice_or_error<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], u8> {
        Ok(bytes)
    }
    fn list_or_error(&mut self, bytes: &[u8]) -> Result<heapless::Vec<u8, 4>, u8> {
        heapless::Vec::from_slice(bytes).map_err(|_| 9)
    }
}

#[test]
fn a_run_of_bytes_has_the_encoding_of_a_sequence_and_an_array_that_of_a_tuple() {
    let mut server = Server::<_, 128, 1>::new(RunsService(Bench));
    // An array of bytes is encoded as just these.
    for number in [8, 10, 11, 12] {
        let answer = call(&mut server, number, &[2_u8, 0, 7]);
        assert_eq!(answer, Message::value(0, [2_u8, 0, 7]), "{number}");
        let answer = call(&mut server, number, &[0_u8]);
        assert_eq!(answer, Message::value(0, [0_u8]), "{number}");
    }
    let answer = call(&mut server, 9, &[0_u8, 7, 0]);
    assert_eq!(answer, Message::value(0, [0_u8, 7, 0]));
    let too_many = call(&mut server, 12, &[5_u8, 1, 2, 3, 4, 5]);
    assert_eq!(too_many, Message::error(0, 9_u8));
}

#[test]
fn a_run_of_another_length_is_no_argument() {
    let mut server = Server::<_, 128, 1>::new(RunsService(Bench));
    let refused = Message::fault(0, Fault::BadArguments);
    for number in 8..13 {
        let short = call(&mut server, number, &[2_u8, 0]);
        assert_eq!(short, refused, "{number}");
        let long = call(&mut server, number, &[2_u8, 0, 7, 1]);
        assert_eq!(long, refused, "{number}");
    }
    let too_many = call(&mut server, 10, &[5_u8, 1, 2, 3, 4, 5]);
    assert_eq!(too_many, refused);
}

//! The typed client and the server, connected by memory.

use rpc_proto::client::{CallError, Timing};
use rpc_proto::io::BlockingCaller;
use rpc_proto::service;
use tests::clock::VirtualClock;
use tests::loopback::Loopback;

#[service]
trait Echo {
    fn add(&mut self, x: i32, y: i32) -> Result<i32, u8>;
    fn text<'a>(&mut self, text: &'a str) -> &'a str;
    fn nothing(&mut self);
    fn last(&mut self) -> &[u8];
}

#[derive(Default)]
struct Impl(Vec<u8>);
impl Echo for Impl {
    fn add(&mut self, x: i32, y: i32) -> Result<i32, u8> {
        x.checked_add(y).ok_or(3)
    }
    fn text<'a>(&mut self, text: &'a str) -> &'a str {
        self.0 = text.as_bytes().to_vec();
        text
    }
    fn nothing(&mut self) {}
    fn last(&mut self) -> &[u8] {
        &self.0
    }
}

#[test]
fn smoke() {
    let link = Loopback::<_, 64, 2>::new(EchoService(Impl::default()));
    let mut caller: BlockingCaller<_, _, 64> =
        BlockingCaller::new(link, VirtualClock::default(), 7, Timing::default());
    let mut client = EchoClient::new(&mut caller);
    assert_eq!(client.add(2, 3), Ok(5));
    assert_eq!(client.add(i32::MAX, 3), Err(CallError::Error(3)));
    assert_eq!(client.text("hello"), Ok("hello"));
    assert_eq!(client.nothing(), Ok(()));
    assert_eq!(client.last(), Ok(&b"hello"[..]));
    let link = caller.link();
    println!("{:02x?}\n{:02x?}", link.calls, link.replies);
}

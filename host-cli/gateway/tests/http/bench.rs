//! A gateway in this process, with a calculator and a counter that a test can mute and unplug.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use rpc_proto::events::Emit;
use serde_json::Value;
use serial_rpc::{Connection, Options};
use serial_rpc_gateway::access::Access;
use serial_rpc_gateway::device::Device;
use serial_rpc_gateway::devices::Devices;
use serial_rpc_gateway::http::{Limits, Shared, router, serve};
use serial_rpc_gateway::stop::Stopper;
use serial_rpc_simulator::{SimulatedDevice, SimulatedEvents};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tests::counter::{CounterHappened, CounterService, Journal, JournaledCounter};
use tests::test_device::TestDevice;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// Long enough for any answer, however busy the machine is.
pub const PATIENT: Duration = Duration::from_secs(60);

type Counter = TestDevice<CounterService<JournaledCounter<Arc<SimulatedEvents>>>>;

/// The gateway, with the devices `calculator`, `other` (another calculator) and `counter`.
pub struct Bench {
    pub router: Router,
    pub counter: Arc<Counter>,
    pub journal: Journal,
    events: Arc<SimulatedEvents>,
    stopper: Stopper,
    limits: Limits,
}

/// An answer with its whole body.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// Returns the lines, each as JSON.
    pub fn lines(&self) -> Vec<Value> {
        let text = str::from_utf8(&self.body).expect("it is text");
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).expect("it is JSON"))
            .collect()
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("it is ASCII"))
    }
}

impl Bench {
    pub fn new() -> Self {
        Self::with(Access::default(), Limits::default())
    }

    pub fn with(access: Access, limits: Limits) -> Self {
        let (journal, events) = (Journal::default(), Arc::<SimulatedEvents>::default());
        let counter = Self::switched_on(&journal, &events);
        let counter = Arc::new(TestDevice::new(counter));
        let devices = Devices::default();
        let options = Options {
            timeout: PATIENT,
            ..Options::default()
        };
        let add = |name: &str, connection| devices.add(Device::over(name.into(), connection));
        add(
            "calculator",
            Connection::awaiting(SimulatedDevice::new(), options),
        );
        add(
            "other",
            Connection::awaiting(SimulatedDevice::new(), options),
        );
        add(
            "counter",
            Connection::awaiting(Arc::clone(&counter), options),
        );
        let stopper = Stopper::new();
        let shared = Shared::new(Arc::new(devices), access, stopper.stop(), limits);
        Self {
            router: router(shared),
            counter,
            journal,
            events,
            stopper,
            limits,
        }
    }

    fn switched_on(
        journal: &Journal,
        events: &Arc<SimulatedEvents>,
    ) -> SimulatedDevice<CounterService<JournaledCounter<Arc<SimulatedEvents>>>> {
        let counter = JournaledCounter::new(0, journal.clone(), Arc::clone(events));
        SimulatedDevice::with_events(CounterService(counter), Arc::clone(events))
    }

    /// Resets the counter.
    pub fn reset(&self) {
        self.counter
            .reset(Self::switched_on(&self.journal, &self.events));
    }

    /// Has the counter emit an event.
    pub fn happen(&self, what: &str) {
        self.events.emit(&CounterHappened { what });
    }

    pub fn stop(&self) {
        self.stopper.request();
    }

    /// Serves it on a port of this machine.
    pub async fn served(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (router, limits, stop) = (self.router.clone(), self.limits, self.stopper.stop());
        tokio::spawn(async move { serve::serve(listener, router, &limits, &stop).await });
        address
    }

    /// Begins a request, whose answer may go on.
    pub async fn begin(&self, request: Request<Body>) -> axum::response::Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("it always answers")
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (head, body) = self.begin(request).await.into_parts();
        Answer {
            status: head.status,
            headers: head.headers,
            body: body
                .collect()
                .await
                .expect("it comes to its end")
                .to_bytes(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(get(path, &[])).await
    }

    /// Calls with arguments in JSON.
    pub async fn call(&self, path: &str, arguments: impl Into<Body>) -> Answer {
        self.send(call(path, &[], arguments)).await
    }
}

/// Makes a request as a program on this machine does.
pub fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8377");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).expect("it is a request")
}

pub fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request(Method::GET, path, headers, Body::empty())
}

pub fn call(path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let json = [("content-type", "application/json")];
    request(Method::POST, path, &[&json, headers].concat(), body)
}

//! Events and the log as server-sent events. The id of each is the place up to which all were read, and a
//! client that comes back with it in `Last-Event-ID` goes on there.

use super::hub::{Reader, Told};
use super::problem::{Answer, Kind, Problem};
use super::{Shared, body, interface};
use crate::device::Device;
use crate::metrics::{Metrics, Program, Way};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::future::select_all;
use futures_util::stream::{self, StreamExt};
use rpc_proto::client::CallError;
use rpc_proto::device::SubscribeError;
use rpc_proto::service::Member;
use rpc_proto::services::log::LogRecord;
use serde::Deserialize;
use serde_json::{Value, json};
use serial_rpc::arguments::to_json;
use serial_rpc::connection::{EncodedEvent, read_event};
use serial_rpc::description::Procedure;
use serial_rpc::failure::{Class, Failure};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

/// The header by which a client goes on where it was.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The name of the log among events.
const LOG: &str = "log";

/// The most kinds of events in one answer.
const MAX_KINDS: usize = 32;

/// A kind of event that a client follows.
enum Followed {
    Event(Box<Procedure>),
    Log,
}

/// The kinds that `GET /devices/{name}/events` follows.
#[derive(Debug, Deserialize)]
pub struct Kinds {
    #[serde(default)]
    of: String,
}

/// `GET /devices/{name}/log`.
pub async fn log(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    follow(&shared, &device, vec![Followed::Log], &headers).await
}

/// `GET /devices/{name}/events?of=…`.
pub async fn events(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    kinds: Result<Query<Kinds>, QueryRejection>,
    headers: HeaderMap,
) -> Answer<Response> {
    let device = shared.device(&name)?;
    let Query(kinds) = kinds.map_err(|error| Problem::new(Kind::Mistaken, error.to_string()))?;
    let paths: Vec<&str> = kinds.of.split(',').collect();
    if paths.len() > MAX_KINDS {
        let message = format!("there are more than {MAX_KINDS} events in `of`");
        return Err(Problem::new(Kind::Mistaken, message));
    }
    let mut followed = Vec::new();
    for path in paths {
        followed.push(match path {
            LOG => Followed::Log,
            "" => {
                return Err(Problem::new(
                    Kind::Mistaken,
                    "`of` has the paths of events, with commas in between, and `log` for the log",
                ));
            }
            path => match interface::find(&device, path, &headers).await? {
                (_, procedure) if procedure.is_event() => Followed::Event(Box::new(procedure)),
                _ => return Err(Problem::new(Kind::Mistaken, format!("{path} is no event"))),
            },
        });
    }
    follow(&shared, &device, followed, &headers).await
}

/// `GET` of an event.
pub async fn event(
    shared: &Shared,
    device: &Arc<Device>,
    event: Procedure,
    headers: &HeaderMap,
) -> Answer<Response> {
    follow(
        shared,
        device,
        vec![Followed::Event(Box::new(event))],
        headers,
    )
    .await
}

/// The kinds of events that a client follows, each with its reader.
struct Following {
    followed: Vec<(Followed, Reader)>,
    metrics: Metrics,
    _counted: Program,
    /// What is to be told before any event.
    first: VecDeque<Event>,
    is_over: bool,
}

async fn follow(
    shared: &Shared,
    device: &Arc<Device>,
    followed: Vec<Followed>,
    headers: &HeaderMap,
) -> Answer<Response> {
    let over = body::over(body::time_limit(headers)?, shared.stop.clone());
    let since = headers
        .get(LAST_EVENT_ID)
        .map(|id| id.to_str().unwrap_or_default());
    let mut places = since.map(|since| since.split(','));
    let mut following = Following {
        followed: Vec::new(),
        metrics: device.metrics().clone(),
        _counted: device.metrics().connected(Way::Http),
        first: VecDeque::new(),
        is_over: false,
    };
    for kind in followed {
        let key = match &kind {
            Followed::Event(event) => event.key,
            Followed::Log => LogRecord::KEY,
        };
        let place = places
            .as_mut()
            .map(|places| places.next().unwrap_or_default());
        let reader = shared.hubs.read(device, key, place).await;
        let reader = reader.map_err(|error| kind.refused(device, error))?;
        if reader.has_gap() {
            let gap = json!({"lost": Value::Null, "of": kind.name()});
            following
                .first
                .push_back(Event::default().event("gap").data(gap.to_string()));
        }
        following.followed.push((kind, reader));
    }
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    Ok(Sse::new(events.take_until(over))
        .keep_alive(KeepAlive::default())
        .into_response())
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        if self.is_over {
            return None;
        }
        let nexts = self.followed.iter_mut();
        let next = select_all(nexts.map(|(_, reader)| Box::pin(reader.next())));
        let (told, index, _) = next.await;
        let places = self.followed.iter().map(|(_, reader)| reader.place());
        let id = places.collect::<Vec<_>>().join(",");
        let (kind, _) = self.followed.get(index)?;
        let problem = match told {
            Told::Event {
                data,
                lost,
                has_gap,
            } => match kind.data(&data) {
                Ok(mut object) => {
                    self.metrics.lost_events(lost);
                    object["lost"] = lost.into();
                    object["gap"] = has_gap.into();
                    let event = Event::default().event(kind.name()).id(id);
                    return Some(event.data(object.to_string()));
                }
                Err(problem) => Arc::new(problem),
            },
            Told::Away(problem) => problem,
            Told::End(problem) => {
                self.is_over = true;
                problem
            }
        };
        Some(
            Event::default()
                .event("problem")
                .data(problem.to_json().to_string()),
        )
    }
}

impl Followed {
    fn name(&self) -> &str {
        match self {
            Self::Event(event) => &event.path,
            Self::Log => LOG,
        }
    }

    /// Returns the problem of an event that cannot be followed.
    fn refused(&self, device: &Device, error: CallError<SubscribeError>) -> Problem {
        let connection = device.connection();
        let is_missing = matches!(
            error,
            CallError::Error(SubscribeError::NoSuchEvent) | CallError::NoSuchProcedure
        );
        let failure = match self {
            Self::Event(_) => Failure::subscription(&connection, error),
            Self::Log => Failure::log(&connection, error),
        };
        match is_missing {
            true => Problem::with(Kind::NoSuchProcedure, failure),
            false => failure.into(),
        }
    }

    /// Returns the object that is sent for an event with that data.
    fn data(&self, data: &[u8]) -> Answer<Value> {
        let senseless = |reason: String| {
            let message = format!(
                "{} came with data that makes no sense: {reason}",
                self.name()
            );
            Problem::from(Failure::new(Class::Protocol, message))
        };
        match self {
            Self::Event(event) => {
                let data = to_json(event, data).map_err(|error| senseless(error.to_string()))?;
                Ok(json!({ "data": data }))
            }
            Self::Log => {
                let event = EncodedEvent {
                    data: data.to_vec(),
                    lost: 0,
                    after_gap: false,
                };
                let record = read_event::<LogRecord<'_>>(&event);
                let record = record.map_err(|error| senseless(error.to_string()))?;
                Ok(json!({
                    "level": format!("{:?}", record.level).to_lowercase(),
                    "target": record.target,
                    "text": record.text,
                }))
            }
        }
    }
}

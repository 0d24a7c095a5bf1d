//! Problem details (RFC 9457): what could not be done, in the words that the program `serial-rpc` has for it.

use axum::Json;
use axum::extract::Path;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rpc_proto::services::blocks::{BlockError, TransferError};
use serde_json::{Value, json};
use serial_rpc::connection::{DescriptionError, NamedCallError};
use serial_rpc::failure::{Class, Failure};
use serial_rpc::{CallError, Connection, Ran, safe};

/// The media type of problems.
pub const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The kind of a problem, which has a type, a title and a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the titles say it")]
pub enum Kind {
    Mistaken,
    NoSuchDevice,
    NoSuchProcedure,
    NotFound,
    WrongMethod,
    Procedure,
    Port,
    Timeout,
    Protocol,
    OutcomeUnknown,
    Internal,
    Stopping,
    ForeignHost,
    ForeignOrigin,
    NoToken,
    NotPermitted,
    TooLarge,
    TooSlow,
    WrongType,
    TooMany,
    KeyReused,
}

impl Kind {
    /// All kinds, for their pages.
    pub const ALL: [Self; 21] = [
        Self::Mistaken,
        Self::NoSuchDevice,
        Self::NoSuchProcedure,
        Self::NotFound,
        Self::WrongMethod,
        Self::Procedure,
        Self::Port,
        Self::Timeout,
        Self::Protocol,
        Self::OutcomeUnknown,
        Self::Internal,
        Self::Stopping,
        Self::ForeignHost,
        Self::ForeignOrigin,
        Self::NoToken,
        Self::NotPermitted,
        Self::TooLarge,
        Self::TooSlow,
        Self::WrongType,
        Self::TooMany,
        Self::KeyReused,
    ];

    /// Returns the last part of its type's path, its status and its title.
    pub const fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Mistaken => (
                "mistaken",
                StatusCode::BAD_REQUEST,
                "The request is mistaken",
            ),
            Self::NoSuchDevice => (
                "no-such-device",
                StatusCode::NOT_FOUND,
                "The gateway has no such device",
            ),
            Self::NoSuchProcedure => (
                "no-such-procedure",
                StatusCode::NOT_FOUND,
                "The device has no such procedure, event or block",
            ),
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is nothing at this path",
            ),
            Self::WrongMethod => (
                "wrong-method",
                StatusCode::METHOD_NOT_ALLOWED,
                "This path has other methods",
            ),
            Self::Procedure => (
                "procedure",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The procedure ran and ended in its own error",
            ),
            Self::Port => (
                "port",
                StatusCode::SERVICE_UNAVAILABLE,
                "The device cannot be reached",
            ),
            Self::Timeout => (
                "timeout",
                StatusCode::GATEWAY_TIMEOUT,
                "The device does not answer",
            ),
            Self::Protocol => (
                "protocol",
                StatusCode::BAD_GATEWAY,
                "The gateway and the device do not understand each other",
            ),
            Self::OutcomeUnknown => (
                "outcome-unknown",
                StatusCode::BAD_GATEWAY,
                "The call may have run, once, or not",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something happened that should not",
            ),
            Self::Stopping => (
                "stopping",
                StatusCode::SERVICE_UNAVAILABLE,
                "The gateway stops",
            ),
            Self::ForeignHost => (
                "foreign-host",
                StatusCode::MISDIRECTED_REQUEST,
                "The gateway does not go by this name",
            ),
            Self::ForeignOrigin => (
                "foreign-origin",
                StatusCode::FORBIDDEN,
                "The pages of other sites may not use the gateway",
            ),
            Self::NoToken => (
                "no-token",
                StatusCode::UNAUTHORIZED,
                "The gateway needs its token",
            ),
            Self::NotPermitted => (
                "not-permitted",
                StatusCode::FORBIDDEN,
                "The gateway was started so that it does not allow this",
            ),
            Self::TooLarge => (
                "too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too long",
            ),
            Self::TooSlow => (
                "too-slow",
                StatusCode::REQUEST_TIMEOUT,
                "The body came too slowly",
            ),
            Self::WrongType => (
                "wrong-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body is of another type",
            ),
            Self::TooMany => (
                "too-many",
                StatusCode::TOO_MANY_REQUESTS,
                "There are too many requests",
            ),
            Self::KeyReused => (
                "key-reused",
                StatusCode::CONFLICT,
                "The idempotency key belongs to another request",
            ),
        }
    }

    /// Returns the status.
    pub const fn status(self) -> StatusCode {
        self.parts().1
    }

    const fn of(class: Class) -> Self {
        match class {
            Class::Usage => Self::Mistaken,
            Class::Port => Self::Port,
            Class::Timeout => Self::Timeout,
            Class::Protocol | Class::UpdateFailed => Self::Protocol,
            Class::Procedure => Self::Procedure,
            Class::OutcomeUnknown => Self::OutcomeUnknown,
            Class::Interrupted => Self::Stopping,
            Class::Internal | Class::NobodyReads => Self::Internal,
        }
    }
}

/// A failure as the answer to a request.
#[derive(Debug)]
pub struct Problem {
    /// Its kind.
    pub kind: Kind,
    /// The failure, with its words.
    pub failure: Box<Failure>,
    header: Option<(HeaderName, HeaderValue)>,
}

/// The result of a request.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// Creates a problem with a request, for which nothing was done.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let class = match kind {
            Kind::Internal => Class::Internal,
            Kind::TooMany | Kind::Stopping => Class::Port,
            _ => Class::Usage,
        };
        Self::with(kind, Failure::new(class, message))
    }

    /// Creates the problem of that kind from a failure.
    pub fn with(kind: Kind, failure: Failure) -> Self {
        let header = match kind {
            Kind::Port | Kind::Stopping | Kind::TooMany => {
                Some((RETRY_AFTER, HeaderValue::from_static("1")))
            }
            Kind::NoToken => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            _ => None,
        };
        Self {
            kind,
            failure: Box::new(failure),
            header,
        }
    }

    /// Creates the problem of a method that the path does not have.
    pub fn wrong_method(allowed: &'static str, message: impl Into<String>) -> Self {
        Self {
            header: Some((ALLOW, HeaderValue::from_static(allowed))),
            ..Self::new(Kind::WrongMethod, message)
        }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.failure.hint = Some(hint.into());
        self
    }

    /// Creates the problem of a call by name.
    pub fn call(device: &Connection, error: NamedCallError) -> Self {
        let kind = match &error {
            NamedCallError::UnknownProcedure(_)
            | NamedCallError::Call {
                error: CallError::NoSuchProcedure,
                ..
            } => Some(Kind::NoSuchProcedure),
            // The device knows more about what it takes than its description can say.
            NamedCallError::Call {
                error: CallError::BadArguments | CallError::ArgumentsTooLarge,
                ..
            } => Some(Kind::Mistaken),
            _ => None,
        };
        let failure = Failure::named_call(device, error);
        let kind = kind.unwrap_or(Kind::of(failure.class));
        Self::with(kind, failure)
    }

    /// Creates the problem of a description that cannot be read.
    pub fn description(device: &Connection, error: DescriptionError) -> Self {
        Failure::description(device, error).into()
    }

    /// Creates the problem of a block that was not transferred.
    pub fn transfer(device: &Connection, block: &str, error: TransferError) -> Self {
        let kind = match error {
            TransferError::Call(
                CallError::Error(BlockError::NoSuchBlock) | CallError::NoSuchProcedure,
            ) => Some(Kind::NoSuchProcedure),
            TransferError::Call(CallError::Error(BlockError::TooLong)) | TransferError::TooLong => {
                Some(Kind::TooLarge)
            }
            _ => None,
        };
        let failure = Failure::transfer(device, block, error);
        let kind = kind.unwrap_or(Kind::of(failure.class));
        Self::with(kind, failure)
    }

    /// Says that the call may have run.
    #[must_use]
    pub const fn may_have_run(mut self) -> Self {
        self.failure.ran = Ran::Unknown;
        self
    }

    /// Returns true if the same call must not be made again; `idempotent` is true if that does no harm as
    /// such.
    pub const fn is_final(&self, idempotent: bool) -> bool {
        match self.failure.ran {
            Ran::Never => false,
            Ran::Unknown => !idempotent,
            Ran::Once => true,
        }
    }

    /// Returns true if the device, or the link to it, is the reason.
    pub const fn is_of_link(&self) -> bool {
        matches!(
            self.kind,
            Kind::Port | Kind::Timeout | Kind::Protocol | Kind::OutcomeUnknown
        )
    }

    /// Returns the problem details.
    pub fn to_json(&self) -> Value {
        let (slug, status, title) = self.kind.parts();
        let mut details = json!({
            "type": format!("/problems/{slug}"),
            "title": title,
            "status": status.as_u16(),
            // What a device calls things is in it.
            "detail": safe::lines(&self.failure.message),
            "ran": match self.failure.ran {
                Ran::Never => "never",
                Ran::Once => "once",
                Ran::Unknown => "maybe",
            },
            "class": self.failure.class,
            "code": self.failure.class as u8,
        });
        if let Some(hint) = self.failure.hint.as_deref().filter(|hint| !hint.is_empty()) {
            details["hint"] = safe::lines(hint).into();
        }
        if let Some(error) = &self.failure.error {
            details["error"] = Value::clone(error);
        }
        details
    }
}

/// `GET /problems/{kind}`, to which the types of problems lead.
pub async fn about(Path(wanted): Path<String>) -> Answer<String> {
    let mut kinds = Kind::ALL.iter().map(|kind| kind.parts());
    let found = kinds.find(|(slug, ..)| *slug == wanted);
    let (_, status, title) =
        found.ok_or_else(|| Problem::new(Kind::NotFound, "there is no such kind of problem"))?;
    Ok(format!("{title} (status {}).\n", status.as_u16()))
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::with(Kind::of(failure.class), failure)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.status();
        let mut response =
            (status, [(CONTENT_TYPE, PROBLEM)], Json(self.to_json())).into_response();
        response.headers_mut().insert(CONTENT_TYPE, PROBLEM);
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

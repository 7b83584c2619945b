use cordboard::telephony::{CallId, Error, ErrorKind, Operation};
use cordboard::{Object, Timestamp, Value};
use core::time::Duration;

/// How long an answer may take: longer than a gateway waits for its provider.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that the gateway is asked to do.
pub struct Order {
    /// The gateway's name of it.
    pub name: &'static str,
    /// Which operation it is, for errors and capabilities.
    pub operation: Operation,
    /// Which call it is about.
    pub call: Option<CallId>,
    /// What else the gateway must know.
    pub fields: Object,
}

/// The orders that the gateway has and did not answer yet.
#[derive(Default)]
pub(crate) struct Requests(Vec<Request>);

pub(crate) struct Request {
    pub(crate) id: u32,
    pub(crate) operation: Operation,
    call: Option<CallId>,
    expires: Timestamp,
    message: Value,
}

impl Request {
    /// Why it failed.
    pub(crate) fn error(&self, kind: ErrorKind) -> Error {
        let error = Error::new(kind, self.operation);
        match &self.call {
            Some(call) => error.for_call(call),
            None => error,
        }
    }

    /// Whether it may reach the gateway twice. A dial may, as its key makes it the same dial.
    fn is_repeatable(&self) -> bool {
        self.is_read() || matches!(self.operation, Operation::Dial | Operation::SetAvailability | Operation::SignOut)
    }

    /// Whether it changes nothing.
    fn is_read(&self) -> bool {
        matches!(self.operation, Operation::CallerIds | Operation::ActiveCalls | Operation::SignIn)
    }

    /// What is to be said of it when no answer will come.
    pub(crate) fn lost(&self) -> Error {
        self.error(if self.is_read() { ErrorKind::Unreachable } else { ErrorKind::OutcomeUnknown })
    }
}

impl Requests {
    /// Keeps an order until it is answered. Returns what to send.
    pub(crate) fn open(&mut self, now: Timestamp, id: u32, order: Order) -> Value {
        let mut message = Object::new();
        message.set("type", "request");
        message.set("id", id);
        message.set("operation", order.name);
        if let Some(call) = &order.call {
            message.set("call", call.as_str());
        }
        for (name, value) in order.fields.iter() {
            message.set(name, value.clone());
        }
        let message = Value::Object(message);
        let request = Request {
            id,
            operation: order.operation,
            call: order.call,
            expires: now + PATIENCE,
            message: message.clone(),
        };
        self.0.push(request);
        message
    }

    /// The order that is answered.
    pub(crate) fn answered(&mut self, id: u32) -> Option<Request> {
        self.take(&|request| request.id == id)
    }

    /// One that has waited for too long.
    pub(crate) fn expired(&mut self, now: Timestamp) -> Option<Request> {
        self.take(&|request| request.expires <= now)
    }

    /// One that may have been carried out, and must not be sent again.
    pub(crate) fn unrepeatable(&mut self) -> Option<Request> {
        self.take(&|request| !request.is_repeatable())
    }

    /// Any.
    pub(crate) fn any(&mut self) -> Option<Request> {
        self.take(&|_| true)
    }

    /// Whether the agent is signing out.
    pub(crate) fn has(&self, operation: Operation) -> bool {
        self.0.iter().any(|request| request.operation == operation)
    }

    /// What to send again.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Value> {
        self.0.iter().map(|request| &request.message)
    }

    /// When the next one has waited for too long.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.0.iter().map(|request| request.expires).min()
    }

    fn take(&mut self, wanted: &dyn Fn(&Request) -> bool) -> Option<Request> {
        let index = self.0.iter().position(wanted)?;
        Some(self.0.remove(index))
    }
}

use cordboard::telephony::{CallId, Error, ErrorKind, Operation};

/// The public error for a refusal inside the network.
pub(crate) fn refused(kind: ErrorKind, operation: Operation, call: Option<&CallId>) -> Error {
    let error = Error::new(kind, operation);
    match call {
        Some(call) => error.for_call(call),
        None => error,
    }
}

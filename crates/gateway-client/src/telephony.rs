use crate::line::GatewayLine;
use crate::requests::Order;
use crate::wire;
use cordboard::Object;
use cordboard::platform::BoxFuture;
use cordboard::telephony::{
    Agent, Availability, Call, CallId, CallerId, Capabilities, Credentials, DialRequest, Digits, Error, Events,
    Operation, PhoneNumber, ProviderInfo, Telephony, Transfer,
};
use core::future::ready;

impl GatewayLine {
    /// An order about a call, of which only its acceptance is to be known.
    fn act<'a>(
        &self,
        name: &'static str,
        operation: Operation,
        call: &CallId,
        fields: Object,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.shared.order(Order { name, operation, call: Some(call.clone()), fields }, wire::accepted)
    }
}

/// Methods that take a call and nothing else. They return the future that there is, as `async_trait` has it, where an `async fn` would
/// make one more around it.
macro_rules! acts_on_a_call {
    ($($method:ident $name:literal $operation:ident)+) => {
        $(fn $method<'line, 'call, 'async_trait>(
            &'line self,
            call: &'call CallId,
        ) -> BoxFuture<'async_trait, Result<(), Error>>
        where
            'line: 'async_trait,
            'call: 'async_trait,
            Self: 'async_trait,
        {
            self.act($name, Operation::$operation, call, Object::new())
        })+
    };
}

impl Telephony for GatewayLine {
    fn info(&self) -> ProviderInfo {
        self.config.provider.clone()
    }

    fn capabilities(&self) -> Capabilities {
        self.shared.capabilities()
    }

    fn sign_in<'line, 'async_trait>(
        &'line self,
        credentials: Credentials,
    ) -> BoxFuture<'async_trait, Result<Agent, Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        self.shared.sign_in(credentials, wire::agent)
    }

    fn sign_out<'line, 'async_trait>(&'line self) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        let order = Order { name: "sign_out", operation: Operation::SignOut, call: None, fields: Object::new() };
        self.shared.order(order, wire::accepted)
    }

    fn set_availability<'line, 'async_trait>(
        &'line self,
        availability: Availability,
    ) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        let fields = Object::new().with("available", availability == Availability::Available);
        let operation = Operation::SetAvailability;
        self.shared.order(Order { name: "set_availability", operation, call: None, fields }, wire::accepted)
    }

    fn caller_ids<'line, 'async_trait>(&'line self) -> BoxFuture<'async_trait, Result<Vec<CallerId>, Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        let order = Order { name: "caller_ids", operation: Operation::CallerIds, call: None, fields: Object::new() };
        self.shared.order(order, wire::caller_ids)
    }

    fn dial<'line, 'async_trait>(&'line self, request: DialRequest) -> BoxFuture<'async_trait, Result<CallId, Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        let mut fields = Object::new().with("key", request.key.as_str()).with("to", request.to.as_e164());
        if let Some(from) = &request.from {
            fields.set("from", from.as_e164());
        }
        self.shared
            .order_with_audio(Order { name: "dial", operation: Operation::Dial, call: None, fields }, wire::dialled)
    }

    fn answer<'line, 'call, 'async_trait>(
        &'line self,
        call: &'call CallId,
    ) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'line: 'async_trait,
        'call: 'async_trait,
        Self: 'async_trait,
    {
        let (call, fields) = (Some(call.clone()), Object::new());
        self.shared
            .order_with_audio(Order { name: "answer", operation: Operation::Answer, call, fields }, wire::accepted)
    }

    acts_on_a_call! {
        reject "reject" Reject
        hang_up "hang_up" HangUp
        mute "mute" Mute
        unmute "unmute" Unmute
        hold "hold" Hold
        resume "resume" Resume
        start_recording "start_recording" StartRecording
        pause_recording "pause_recording" PauseRecording
        resume_recording "resume_recording" ResumeRecording
        stop_recording "stop_recording" StopRecording
    }

    fn send_digits<'line, 'call, 'digits, 'async_trait>(
        &'line self,
        call: &'call CallId,
        digits: &'digits Digits,
    ) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'line: 'async_trait,
        'call: 'async_trait,
        'digits: 'async_trait,
        Self: 'async_trait,
    {
        if let Some(keys) = self.shared.keys.get() {
            return Box::pin(ready(keys.press(call, digits)));
        }
        self.act("send_digits", Operation::SendDigits, call, Object::new().with("digits", digits.as_str()))
    }

    fn transfer<'line, 'call, 'async_trait>(
        &'line self,
        call: &'call CallId,
        transfer: Transfer,
    ) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'line: 'async_trait,
        'call: 'async_trait,
        Self: 'async_trait,
    {
        let (name, field, value) = match &transfer {
            Transfer::Blind { to } => ("transfer_blind", "to", PhoneNumber::as_e164(to)),
            Transfer::Attended { consultation } => ("transfer_attended", "consultation", CallId::as_str(consultation)),
        };
        self.act(name, transfer.operation(), call, Object::new().with(field, value))
    }

    fn active_calls<'line, 'async_trait>(&'line self) -> BoxFuture<'async_trait, Result<Vec<Call>, Error>>
    where
        'line: 'async_trait,
        Self: 'async_trait,
    {
        let order =
            Order { name: "active_calls", operation: Operation::ActiveCalls, call: None, fields: Object::new() };
        self.shared.order(order, wire::calls)
    }

    fn events(&self) -> Events {
        self.shared.hub.subscribe()
    }
}

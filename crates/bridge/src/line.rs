use crate::bridge::{Change, Fact, Order};
use crate::carrier::Carrier;
use crate::error::{ApiError, Effect};
use crate::executor::{Executor, Failure, Orders};
use cordboard::async_trait;
use cordboard::telephony::{
    Agent, AgentId, Availability, Call, CallId, CallerId, Capabilities, Credentials, DialRequest, Digits, Error,
    ErrorKind, EventHub, Events, Operation, PhoneNumber, ProviderInfo, Telephony, Transfer,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Numbers are bought and verified seldom.
const CALLER_IDS_KEPT: Duration = Duration::from_secs(300);

/// An agent's line. It is always signed in: who may use it is the server's business.
pub(crate) struct Line<C> {
    executor: Arc<Executor<C>>,
    agent: AgentId,
    hub: Arc<EventHub>,
}

/// A call's id, made from what names the wish to call. So a call can be looked up whose dial had no answer. A wish that
/// was refused may be tried again, as another call.
fn call_id(agent: &AgentId, request: &DialRequest, attempt: u32) -> CallId {
    let mut hash = Sha256::new();
    for part in [agent.as_str(), request.key.as_str(), &attempt.to_string()] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    CallId::new(hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>())
}

impl<C: Carrier> Line<C> {
    pub(crate) fn new(executor: Arc<Executor<C>>, agent: AgentId) -> Self {
        let hub = executor.hub(&agent);
        Self { executor, agent, hub }
    }

    /// Records an order, and has it carried out.
    async fn order(&self, operation: Operation, call: &CallId, order: Order) -> Result<(), Error> {
        self.admit(operation, call)?;
        let executor = &self.executor;
        // Who hangs up does not wait for what may be on its way.
        let turn = if order == Order::HangUp { None } else { Some(executor.hold_orders(call).await) };
        let other = if let Order::Merge(consultation) = &order { consultation } else { call };
        let folds = executor.hold_folds(&[call, other]).await;
        let facts = executor.bridge.lock().order(&self.agent, call, &order);
        let facts = facts.map_err(|kind| Error::new(kind, operation).for_call(call))?;
        let failed = |failure: Failure| failure.into_error(operation, Some(call));
        let actions = executor.commit_held(facts).await.map_err(|error| failed(error.into()))?;
        drop(folds);
        let result = executor.run(actions.unwrap_or_default(), Orders::CarryOut).await.map_err(failed);
        drop(turn);
        result
    }

    fn admit(&self, operation: Operation, call: &CallId) -> Result<(), Error> {
        let can = self.capabilities().supports(operation);
        if can { Ok(()) } else { Err(Error::new(ErrorKind::Unsupported, operation).for_call(call)) }
    }

    async fn change(&self, operation: Operation, call: &CallId, change: Change) -> Result<(), Error> {
        self.order(operation, call, Order::Change(change)).await
    }

    async fn default_caller_id(&self) -> Result<PhoneNumber, Error> {
        if let Some(number) = self.executor.settings.default_caller_id.clone() {
            return Ok(number);
        }
        let numbers = self.known_caller_ids().await.map_err(|error| {
            // Nothing has been dialled yet, so this is safe to repeat.
            error.into_error(Effect::Repeatable, Operation::Dial, None)
        })?;
        let first = numbers.into_iter().next().map(|caller_id| caller_id.number);
        // No other number would help: the account has none to show.
        first.ok_or_else(|| Error::new(ErrorKind::Provider, Operation::Dial))
    }

    async fn known_caller_ids(&self) -> Result<Vec<CallerId>, ApiError> {
        let executor = &self.executor;
        let now = executor.clock.now();
        let mut kept = executor.caller_ids.lock().await;
        if let Some((_, numbers)) = kept.as_ref().filter(|(at, _)| now.since(*at) < CALLER_IDS_KEPT) {
            return Ok(numbers.clone());
        }
        let mut caller_ids: Vec<CallerId> = Vec::new();
        for caller_id in executor.carrier.caller_ids().await? {
            if !caller_ids.iter().any(|known| known.number == caller_id.number) {
                caller_ids.push(caller_id);
            }
        }
        let default = executor.settings.default_caller_id.as_ref();
        caller_ids.sort_by_key(|caller_id| Some(&caller_id.number) != default);
        *kept = Some((now, caller_ids.clone()));
        Ok(caller_ids)
    }
}

#[async_trait]
impl<C: Carrier> Telephony for Line<C> {
    fn info(&self) -> ProviderInfo {
        C::INFO
    }

    fn capabilities(&self) -> Capabilities {
        self.executor.carrier.capabilities()
    }

    async fn sign_in(&self, _credentials: Credentials) -> Result<Agent, Error> {
        Ok(Agent { id: self.agent.as_str().to_owned(), name: self.agent.as_str().to_owned() })
    }

    async fn sign_out(&self) -> Result<(), Error> {
        let calls = self.executor.bridge.lock().active_calls(&self.agent);
        for call in calls {
            self.hang_up(&call.id).await?;
        }
        Ok(())
    }

    async fn set_availability(&self, _availability: Availability) -> Result<(), Error> {
        // Whom a call is routed to is the server's business.
        Ok(())
    }

    async fn caller_ids(&self) -> Result<Vec<CallerId>, Error> {
        let caller_ids = self.known_caller_ids().await;
        caller_ids.map_err(|error| error.into_error(Effect::Repeatable, Operation::CallerIds, None))
    }

    async fn dial(&self, request: DialRequest) -> Result<CallId, Error> {
        let executor = &self.executor;
        let first = call_id(&self.agent, &request, 0);
        // The same wish sent twice at once waits for the first one's outcome.
        let turn = executor.hold_orders(&first).await;
        let mut id = first;
        for attempt in 1.. {
            match executor.bridge.lock().was_refused(&id) {
                None => break,
                Some(false) => return Ok(id),
                Some(true) => id = call_id(&self.agent, &request, attempt),
            }
        }
        let from = match request.from {
            Some(from) => from,
            None => self.default_caller_id().await?,
        };
        let key = request.key.as_str().to_owned();
        let dial = Fact::Dial { agent: self.agent.clone(), key, to: request.to, from };
        let failed = |failure: Failure| failure.into_error(Operation::Dial, Some(&id));
        let recorded = executor.commit(vec![(id.clone(), format!("dial/{id}"), dial)]).await;
        // In the journal, and not remembered: it was dialled long ago.
        let Some(actions) = recorded.map_err(|error| failed(error.into()))? else { return Ok(id) };
        executor.run(actions, Orders::CarryOut).await.map_err(failed)?;
        drop(turn);
        Ok(id)
    }

    async fn answer(&self, call: &CallId) -> Result<(), Error> {
        self.order(Operation::Answer, call, Order::Answer).await
    }

    async fn reject(&self, call: &CallId) -> Result<(), Error> {
        self.order(Operation::Reject, call, Order::Reject).await
    }

    async fn hang_up(&self, call: &CallId) -> Result<(), Error> {
        self.order(Operation::HangUp, call, Order::HangUp).await
    }

    async fn mute(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::Mute, call, Change::Mute).await
    }

    async fn unmute(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::Unmute, call, Change::Unmute).await
    }

    async fn hold(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::Hold, call, Change::Hold).await
    }

    async fn resume(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::Resume, call, Change::Resume).await
    }

    async fn send_digits(&self, call: &CallId, digits: &Digits) -> Result<(), Error> {
        let operation = Operation::SendDigits;
        self.admit(operation, call)?;
        let turn = self.executor.hold_orders(call).await;
        let customer = self.executor.bridge.lock().customer(&self.agent, call);
        let customer = customer.map_err(|kind| Error::new(kind, operation).for_call(call))?;
        let sent = self.executor.carrier.send_digits(&customer, digits).await;
        drop(turn);
        sent.map_err(|error| error.into_error(Effect::Creates, operation, Some(call)))
    }

    async fn transfer(&self, call: &CallId, transfer: Transfer) -> Result<(), Error> {
        let operation = transfer.operation();
        let order = match transfer {
            Transfer::Blind { to } => Order::Transfer(to),
            Transfer::Attended { consultation } => Order::Merge(consultation),
        };
        self.order(operation, call, order).await
    }

    async fn start_recording(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::StartRecording, call, Change::StartRecording).await
    }

    async fn pause_recording(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::PauseRecording, call, Change::PauseRecording).await
    }

    async fn resume_recording(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::ResumeRecording, call, Change::ResumeRecording).await
    }

    async fn stop_recording(&self, call: &CallId) -> Result<(), Error> {
        self.change(Operation::StopRecording, call, Change::StopRecording).await
    }

    async fn active_calls(&self) -> Result<Vec<Call>, Error> {
        Ok(self.executor.bridge.lock().active_calls(&self.agent))
    }

    fn events(&self) -> Events {
        self.hub.subscribe()
    }
}

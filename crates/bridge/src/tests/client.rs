//! How requests are paced and repeated, in virtual time.

use crate::client::{Call, Client, Page};
use crate::error::{ApiError, Effect, Refusal};
use crate::transport::{Chunks, Transport, TransportError};
use cordboard::platform::{Clock as _, Lock};
use cordboard::{Timestamp, async_trait};
use cordboard_mock::VirtualClock;
use futures_util::future::join_all;
use futures_util::stream;
use http::{Request, Response};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Answers as it was told, then with 200; notes when it was asked.
struct Wire {
    clock: VirtualClock,
    answers: Lock<VecDeque<Result<Response<Vec<u8>>, TransportError>>>,
    asked: Lock<Vec<(String, u64)>>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, TransportError> {
        self.asked.lock().push((request.uri().path().to_owned(), self.clock.now().as_millis()));
        self.answers.lock().pop_front().unwrap_or_else(|| Ok(Response::new(Vec::new())))
    }

    async fn open(&self, request: Request<Vec<u8>>) -> Result<Response<Chunks>, TransportError> {
        let answer = self.send(request).await?;
        Ok(answer.map(|body| Box::pin(stream::iter([Ok(body)])) as Chunks))
    }
}

fn wire(answers: impl IntoIterator<Item = Result<Response<Vec<u8>>, TransportError>>) -> (VirtualClock, Arc<Wire>) {
    let clock = VirtualClock::default();
    let answers = Lock::new(answers.into_iter().collect());
    (clock.clone(), Arc::new(Wire { clock, answers, asked: Lock::default() }))
}

fn client(wire: &Arc<Wire>) -> Client {
    Client::new(Arc::clone(wire) as _, Arc::new(wire.clock.clone()), Refusal::of)
}

fn call(path: &str, effect: Effect, lane: usize) -> Call {
    let request = Request::builder().uri(format!("https://x.example{path}")).body(Vec::new()).unwrap();
    Call { request, effect, lane }
}

fn answer(status: u16) -> Result<Response<Vec<u8>>, TransportError> {
    Ok(Response::builder().status(status).body(Vec::new()).unwrap())
}

#[test]
fn no_second_has_more_requests_than_its_lane_allows() {
    let (clock, wire) = wire([]);
    let client = client(&wire).with_pace(15).with_pace(3);
    clock.block_on(std::future::pending(), async {
        let calls = (0..10).map(|number| client.send(call(&format!("/calls/{number}"), Effect::Creates, 1)));
        let others = (0..40).map(|number| client.send(call(&format!("/others/{number}"), Effect::Repeatable, 0)));
        futures_util::future::join(join_all(calls), join_all(others)).await;
    });
    let asked = wire.asked.lock().clone();
    for (kind, most, last) in [("/calls/", 3, 3), ("/others/", 15, 2)] {
        let times: Vec<(&str, u64)> =
            asked.iter().filter(|(path, _)| path.starts_with(kind)).map(|(path, at)| (path.as_str(), *at)).collect();
        for (_, from) in &times {
            let within = times.iter().filter(|(_, at)| (*from..from + 1000).contains(at)).count();
            assert!(within <= most, "{within} requests to {kind} within a second");
        }
        let order: Vec<String> = (0..times.len()).map(|number| format!("{kind}{number}")).collect();
        assert!(times.iter().map(|(path, _)| *path).eq(order.iter().map(String::as_str)), "first come, first served");
        assert_eq!(times.last().unwrap().1, last * 1000, "and no slower than it must be");
    }
}

/// What an attempt may have done, the refusal of a later one does not undo.
#[test]
fn an_attempt_whose_outcome_is_not_known_is_not_forgotten() {
    let not_sent = || Err(TransportError::NotSent);
    let outcome = |answers: Vec<_>| {
        let (clock, wire) = wire(answers);
        let sent = client(&wire);
        clock
            .block_on(std::future::pending(), async { sent.send(call("/x", Effect::Repeatable, 0)).await.unwrap_err() })
    };
    let error = outcome(vec![Err(TransportError::NoAnswer), not_sent(), not_sent(), not_sent()]);
    assert_eq!(error, ApiError::NoAnswer);
    assert!(!outcome(vec![answer(500), answer(400)]).is_certain());
    // What is gone needs nothing more, whoever ended it.
    assert!(outcome(vec![answer(500), answer(404)]).is_gone());
    assert!(outcome(vec![not_sent(), not_sent(), not_sent(), not_sent()]).is_certain());
}

#[test]
fn a_pause_does_not_save_up_requests() {
    let (clock, wire) = wire([]);
    let client = client(&wire).with_pace(3);
    clock.block_on(std::future::pending(), async {
        for _ in 0..2 {
            join_all((0..4).map(|_| client.send(call("/", Effect::Creates, 0)))).await;
            clock.sleep(Duration::from_secs(60)).await;
        }
    });
    let times: Vec<u64> = wire.asked.lock().iter().map(|(_, at)| at % 61_000).collect();
    assert_eq!(times, [0, 0, 0, 1000, 0, 0, 0, 1000]);
}

#[test]
fn what_is_safe_is_sent_again_and_nothing_else() {
    for (first, effect, times) in [
        (answer(503), Effect::Repeatable, 2),
        (answer(503), Effect::Creates, 1),
        (Err(TransportError::NoAnswer), Effect::Repeatable, 2),
        (Err(TransportError::NoAnswer), Effect::Creates, 1),
        (Err(TransportError::NotSent), Effect::Creates, 2),
        (answer(429), Effect::Creates, 2),
        (answer(400), Effect::Repeatable, 1),
    ] {
        let shown = format!("{first:?} {effect:?}");
        let (clock, wire) = wire([first]);
        let client = client(&wire);
        clock.block_on(std::future::pending(), async {
            let result = client.send(call("/", effect, 0)).await;
            assert_eq!(result.is_ok(), times == 2, "{shown}");
        });
        assert_eq!(wire.asked.lock().len(), times, "{shown}");
    }
}

#[test]
fn nobody_waits_for_ever() {
    let late = Ok(Response::builder().status(429).header("retry-after", "60").body(Vec::new()).unwrap());
    let (clock, wire) = wire([late]);
    let client = client(&wire);
    clock.block_on(std::future::pending(), async {
        assert!(client.send(call("/", Effect::Repeatable, 0)).await.is_err());
    });
    assert_eq!(clock.now(), Timestamp::default());

    let (clock, wire) = self::wire((0..9).map(|_| answer(500)));
    let client = self::client(&wire);
    clock.block_on(std::future::pending(), async {
        assert!(client.send(call("/", Effect::Repeatable, 0)).await.is_err());
    });
    assert_eq!(wire.asked.lock().len(), 4);
}

#[test]
fn a_list_without_end_is_given_up() {
    let (clock, wire) = wire([]);
    let client = client(&wire);
    clock.block_on(std::future::pending(), async {
        let page = |_: usize, _: &Response<Vec<u8>>| {
            let next = Some(call("/next", Effect::Repeatable, 0));
            Ok::<_, ApiError>(Page { items: vec![()], next })
        };
        assert_eq!(client.list(call("/", Effect::Repeatable, 0), page).await.unwrap().len(), 50);
    });
}

//! Whole calls against the emulator, and what only Vonage does.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::platform::Clock as _;
use cordboard::telephony::{
    AgentId, Backend as _, Call, CallEventKind, CallState, Digits, ErrorKind, Operation, Recording, Transfer,
};
use cordboard_emulator::stage::{ALEX, calls};
use cordboard_vonage_emulator::{Answer, ClientScript, Fault, Hands as _, Hears, numbers};
use http::Method;
use std::time::Duration;
use support::{Listener, Vonage, World};

cordboard_emulator::call_tests!(Vonage);

/// What an agent sees of their only call.
async fn only_call(alex: &Listener) -> Call {
    let mut calls = alex.line.active_calls().await.unwrap();
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

#[test]
fn refusals_say_what_to_do() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let mut alex = Listener::new(&world, &vonage, ALEX);
        alex.line.caller_ids().await.unwrap();
        for (answer, kind) in [
            (Answer::NotFound, ErrorKind::Provider),
            (Answer::ServerError, ErrorKind::OutcomeUnknown),
            (Answer::Unavailable, ErrorKind::OutcomeUnknown),
            (Answer::Garbage, ErrorKind::OutcomeUnknown),
            (Answer::Nothing, ErrorKind::OutcomeUnknown),
        ] {
            world.at_provider(|cloud, _| cloud.inject([Fault::refuse(answer).on(Method::POST, "/v1/calls")]));
            let error = alex.dial(&format!("{answer:?}"), numbers::ANSWERS).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{answer:?}");
        }
        // A token that is not taken is made anew, once.
        let refused = || Fault::refuse(Answer::Unauthenticated).on(Method::POST, "/v1/calls");
        world.at_provider(|cloud, _| cloud.inject([refused()]));
        let call = alex.dial("once", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        world.at_provider(|cloud, _| cloud.inject([refused(), refused()]));
        let error = alex.dial("twice", numbers::ANSWERS).await.unwrap_err();
        assert_eq!((error.kind(), error.provider_code()), (ErrorKind::Provider, Some("HTTP 401")));
    });
}

/// Vonage takes three new calls a second and fifteen other requests; the emulator refuses more, and is not asked.
#[test]
fn requests_keep_the_pace_that_vonage_takes() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let alex = Listener::new(&world, &vonage, ALEX);
        alex.line.caller_ids().await.unwrap();
        let dials = (0..8).map(|number| format!("{number}")).collect::<Vec<_>>();
        let began = world.clock.now();
        let dialled = dials.iter().map(|key| alex.dial(key, numbers::ANSWERS));
        for dialled in futures_util::future::join_all(dialled).await {
            dialled.unwrap();
        }
        alex.wait(5).await;
        let calls = alex.line.active_calls().await.unwrap();
        assert_eq!(calls.iter().filter(|call| call.state == CallState::Connected).count(), 8);
        let holds = futures_util::future::join_all(calls.iter().map(|call| alex.line.hold(&call.id))).await;
        assert!(holds.iter().all(Result::is_ok), "{holds:?}");
        // Eight agents and eight customers are sixteen calls.
        assert!(world.clock.now().since(began) >= Duration::from_secs(5));
        assert_eq!(world.requests.lock().iter().filter(|request| *request == "POST /v1/calls").count(), 16);
    });
}

#[test]
fn the_customer_hears_keys() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let mut alex = Listener::new(&world, &vonage, ALEX);
        let keys = Digits::parse("159*0#").unwrap();
        let ringing = alex.dial("1", numbers::NO_ANSWER).await.unwrap();
        let early = alex.line.send_digits(&ringing, &keys).await.unwrap_err();
        assert_eq!((early.kind(), early.operation()), (ErrorKind::WrongState, Operation::SendDigits));
        alex.line.hang_up(&ringing).await.unwrap();
        let call = alex.talk("2").await;
        alex.line.send_digits(&call, &keys).await.unwrap();
        let customer = world.legs(&call)["customer"].id.clone();
        assert_eq!(world.cloud.lock().leg(&customer).unwrap().digits_heard, "159*0#");
        // Keys whose answer is lost may have been heard, and are not pressed again.
        world.at_provider(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::PUT, "/dtmf")]));
        assert_eq!(alex.line.send_digits(&call, &keys).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(world.cloud.lock().leg(&customer).unwrap().digits_heard, "159*0#159*0#");
    });
}

/// What can't be read back is set to what the agent was told.
#[test]
fn a_change_without_an_answer_is_undone() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let mut alex = Listener::new(&world, &vonage, ALEX);
        let call = alex.talk("1").await;
        let inside = world.legs(&call);
        let (agent, customer) = (inside["agent-1"].id.clone(), inside["customer"].id.clone());
        // The first of three requests is carried out, the second never.
        let lost = Fault::refuse(Answer::Nothing).on(Method::PUT, "/v1/calls/");
        let pass = Fault::after(Answer::Truth).on(Method::PUT, "/v1/calls/");
        world.at_provider(|cloud, _| cloud.inject([pass, lost.clone(), lost.clone(), lost.clone(), lost]));
        assert!(alex.line.hold(&call).await.is_err());
        assert!(world.cloud.lock().leg(&customer).unwrap().earmuffed);
        assert_eq!(only_call(&alex).await.state, CallState::Connected);
        world.reconcile(&vonage, &call).await;
        assert_eq!((world.hears(&customer), world.hears(&agent)), (calls::only(&agent), calls::only(&customer)));
        assert_eq!(only_call(&alex).await.state, CallState::Connected);

        alex.line.hold(&call).await.unwrap();
        assert_eq!((world.hears(&customer), world.hears(&agent)), (Hears::Music, Hears::Silence));
        let lost = Fault::after(Answer::Nothing).on(Method::PUT, "/v1/calls/");
        world.at_provider(|cloud, _| cloud.inject(vec![lost; 4]));
        assert!(alex.line.resume(&call).await.is_err());
        world.reconcile(&vonage, &call).await;
        assert_eq!(world.hears(&customer), Hears::Music);
        alex.line.resume(&call).await.unwrap();

        // A recording of which nobody knows does not go on.
        world.at_provider(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::PUT, "/record")]));
        assert_eq!(alex.line.start_recording(&call).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        world.reconcile(&vonage, &call).await;
        assert_eq!(only_call(&alex).await.recording, Recording::Off);
        alex.line.start_recording(&call).await.unwrap();
        alex.line.stop_recording(&call).await.unwrap();

        let consultation = alex.talk("2").await;
        world.at_provider(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::PUT, "/v1/calls/")]));
        let transfer = Transfer::Attended { consultation: consultation.clone() };
        assert_eq!(alex.line.transfer(&call, transfer).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        world.reconcile(&vonage, &call).await;
        alex.wait(2).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        assert_eq!(world.legs(&call).len(), 2);
    });
}

#[test]
fn a_held_expert_is_brought_back_into_the_call() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let mut alex = Listener::new(&world, &vonage, ALEX);
        let call = alex.talk("1").await;
        let consultation = alex.talk("2").await;
        let (customer, expert) =
            (world.legs(&call)["customer"].id.clone(), world.legs(&consultation)["customer"].id.clone());
        alex.line.hold(&consultation).await.unwrap();
        alex.line.transfer(&call, Transfer::Attended { consultation }).await.unwrap();
        alex.wait(1).await;
        assert_eq!((world.hears(&customer), world.hears(&expert)), (calls::only(&expert), calls::only(&customer)));
    });
}

/// The answer to the agent's leg is lost, and no event comes: the leg is found by whom it reaches, if that is certain.
#[test]
fn a_leg_without_a_name_is_found() {
    for (others, called) in [(0, 1), (1, 0)] {
        let world = World::new();
        let vonage = world.start();
        let clock = world.clock.clone();
        clock.block_on(world.serve(&vonage), async {
            let alex = Listener::new(&world, &vonage, ALEX);
            *world.reachable.lock() = false;
            for number in 0..=others {
                let lost = Fault::after(Answer::Nothing).on(Method::POST, "/v1/calls");
                world.at_provider(|cloud, _| cloud.inject([lost]));
                let error = alex.dial(&format!("{number}"), numbers::NO_ANSWER).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            }
            alex.wait(2).await;
            for call in alex.line.active_calls().await.unwrap() {
                world.reconcile(&vonage, &call.id).await;
            }
            // The number is called when the agent's leg is there.
            let customers = world.all_legs().iter().filter(|leg| leg.to == numbers::NO_ANSWER).count();
            assert_eq!(customers, called, "with {others} other calls at that time");
        });
    }
}

#[test]
fn a_user_is_made_for_an_agent_once() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        let agent = AgentId::new("casey@example.com");
        for _ in 0..2 {
            let token = vonage.media_token(&agent, world.clock.now()).await.unwrap().unwrap();
            assert_eq!(token.settings, "{}");
        }
        let asked = |world: &World| world.requests.lock().iter().filter(|request| *request == "POST /v1/users").count();
        assert_eq!(asked(&world), 1);
        // After another start the name is taken, which is as good.
        let vonage = world.start();
        vonage.media_token(&agent, world.clock.now()).await.unwrap().unwrap();
        assert_eq!(asked(&world), 2);
    });
}

#[test]
fn an_agent_without_a_session_is_not_there() {
    calls::play::<Vonage, _>(|world, vonage| async move {
        world.at_provider(|cloud, _| cloud.script_clients(ClientScript::Absent));
        let mut alex = Listener::new(&world, &vonage, ALEX);
        let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
        alex.until_end(&call).await;
        assert!(world.all_legs().iter().all(|leg| leg.is_browser), "nobody else was called");
    });
}

//! Whole calls against the emulator: what each party hears, and what becomes of them when something fails.

mod support;

use cordboard::platform::Clock as _;
use cordboard::telephony::{
    Backend as _, CallEventKind, CallState, EndReason, ErrorKind, FailureReason, Fallback, Transfer,
};
use cordboard_twilio::{Twilio, identity};
use cordboard_twilio_emulator::{Answer, Fault, Hears, numbers};
use http::Method;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use support::{ALEX, BLAKE, Listener, World, legs, number};

/// Runs a test against a server, in virtual time. Twilio's debugger must be empty after it.
fn play<F: Future<Output = ()>>(test: impl FnOnce(Arc<World>, Twilio) -> F) {
    let world = World::new();
    let twilio = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&twilio), test(Arc::clone(&world), twilio.clone()));
    assert_eq!(world.cloud.lock().warnings(), [""; 0]);
}

fn hears(world: &World, sid: &str) -> Hears {
    world.cloud.lock().hears(sid)
}

fn only(sid: &str) -> Hears {
    Hears::Legs(BTreeSet::from([sid.to_owned()]))
}

#[test]
fn the_agent_is_there_before_the_customer_is_dialled() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.dial("1", numbers::ANSWERS_AFTER_3_S).await.unwrap();
        alex.until(&call, CallEventKind::Ringing).await;
        let inside = legs(&world, &call);
        assert_eq!((inside["agent-1"].status, inside["customer"].status), ("in-progress", "ringing"));
        assert_eq!(inside["customer"].from, numbers::ALEX, "the account's first number");
        alex.until(&call, CallEventKind::Connected).await;
        let inside = legs(&world, &call);
        assert_eq!(hears(&world, &inside["agent-1"].sid), only(&inside["customer"].sid));
        assert_eq!(hears(&world, &inside["customer"].sid), only(&inside["agent-1"].sid));
    });
}

#[test]
fn a_held_customer_hears_music_and_a_muted_agent_is_not_heard() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        let inside = legs(&world, &call);
        let (agent, customer) = (&inside["agent-1"].sid, &inside["customer"].sid);
        alex.line.hold(&call).await.unwrap();
        assert_eq!(hears(&world, customer), Hears::Music);
        alex.line.resume(&call).await.unwrap();
        alex.line.mute(&call).await.unwrap();
        assert_eq!(hears(&world, customer), Hears::Silence);
        assert_eq!(hears(&world, agent), only(customer));
        alex.line.unmute(&call).await.unwrap();
        assert_eq!(hears(&world, customer), only(agent));
    });
}

#[test]
fn a_hang_up_leaves_nobody_behind() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.hang_up(&call).await.unwrap();
        alex.until_end(&call).await;
        let ringing = alex.dial("2", numbers::NO_ANSWER).await.unwrap();
        alex.until(&ringing, CallEventKind::Ringing).await;
        alex.line.hang_up(&ringing).await.unwrap();
        alex.until_end(&ringing).await;
        let busy = alex.dial("3", numbers::BUSY).await.unwrap();
        assert_eq!(alex.until_end(&busy).await, EndReason::Busy);
        alex.wait(5).await;
        for leg in world.cloud.lock().legs() {
            assert!(!["queued", "ringing", "in-progress"].contains(&leg.status), "{} is {}", leg.to, leg.status);
        }
    });
}

#[test]
fn a_blind_transfer_of_a_held_call_joins_the_other_two() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.hold(&call).await.unwrap();
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS_AFTER_3_S) }).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
        alex.wait(1).await;
        let inside = legs(&world, &call);
        assert_eq!(inside.keys().collect::<Vec<_>>(), ["customer", "target-3"]);
        let (customer, target) = (inside["customer"].sid.clone(), inside["target-3"].sid.clone());
        assert_eq!(hears(&world, &customer), only(&target));
        // Neither is left alone when the other goes.
        world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, &target)).unwrap();
        alex.wait(1).await;
        assert_eq!(world.cloud.lock().leg(&customer).unwrap().status, "completed");
    });
}

#[test]
fn a_transfer_that_nobody_takes_leaves_the_call_as_it_was() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::REJECTS) }).await.unwrap();
        alex.until(&call, CallEventKind::TransferFailed).await;
        let refused = alex.line.transfer(&call, Transfer::Blind { to: number("+15005550001") }).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidNumber);
        let inside = legs(&world, &call);
        assert_eq!(hears(&world, &inside["customer"].sid), only(&inside["agent-1"].sid));
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS) }).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
    });
}

#[test]
fn an_attended_transfer_joins_both_customers() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.hold(&call).await.unwrap();
        let consultation = alex.talk("2").await;
        let expert = legs(&world, &consultation)["customer"].sid.clone();
        let transfer = Transfer::Attended { consultation: consultation.clone() };
        alex.line.transfer(&call, transfer).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
        alex.wait(1).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        let inside = legs(&world, &call);
        let customer = inside["customer"].sid.clone();
        assert_eq!(inside.len(), 2);
        assert_eq!((hears(&world, &customer), hears(&world, &expert)), (only(&expert), only(&customer)));
        world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, &expert)).unwrap();
        alex.wait(1).await;
        for leg in world.cloud.lock().legs() {
            assert_eq!(leg.status, "completed", "{}", leg.to);
        }
    });
}

#[test]
fn an_inbound_call_can_be_consulted_about_and_handed_on() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX)).unwrap();
        let call = alex.until_ringing().await;
        alex.line.answer(&call).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        let consultation = alex.talk("1").await;
        // The caller is brought to the expert, instead of the other way round.
        alex.line.transfer(&consultation, Transfer::Attended { consultation: call.clone() }).await.unwrap();
        assert_eq!(alex.until_end(&consultation).await, EndReason::Transferred);
        alex.wait(1).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        let expert = legs(&world, &consultation)["customer"].sid.clone();
        assert_eq!(hears(&world, call.as_str()), only(&expert));
    });
}

#[test]
fn agents_call_each_other_and_hand_over() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let mut blake = Listener::new(&world, &twilio, BLAKE);
        let call = alex.talk("1").await;
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::BLAKE) }).await.unwrap();
        let inbound = blake.until_ringing().await;
        blake.line.answer(&inbound).await.unwrap();
        blake.until(&inbound, CallEventKind::Connected).await;
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
        let outbound = alex.dial("2", numbers::BLAKE).await.unwrap();
        let second = blake.until_ringing().await;
        blake.line.answer(&second).await.unwrap();
        blake.until(&second, CallEventKind::Connected).await;
        alex.line.hang_up(&outbound).await.unwrap();
        assert_eq!(blake.until_end(&second).await, EndReason::RemoteHungUp);
    });
}

#[test]
fn one_of_two_agents_answers() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let mut blake = Listener::new(&world, &twilio, BLAKE);
        world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
        let call = alex.until_ringing().await;
        assert_eq!(blake.until_ringing().await, call);
        alex.wait(1).await;
        assert_eq!(hears(&world, call.as_str()), Hears::Music);
        let (first, second) = futures_util::future::join(alex.line.answer(&call), blake.line.answer(&call)).await;
        assert_eq!((first.is_ok(), second.unwrap_err().kind()), (true, ErrorKind::WrongState));
        alex.until(&call, CallEventKind::Connected).await;
        assert_eq!(blake.until_end(&call).await, EndReason::AnsweredElsewhere);
        assert_eq!(hears(&world, call.as_str()), only(&legs(&world, &call)["agent-2"].sid));
        world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, call.as_str())).unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::RemoteHungUp);
    });
}

#[test]
fn nobody_answers_and_the_caller_leaves_a_message() {
    play(|world, twilio| async move {
        *world.fallback.lock() = Fallback::Voicemail { greeting: "Leave a message".to_owned() };
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let mut blake = Listener::new(&world, &twilio, BLAKE);
        world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
        let call = alex.until_ringing().await;
        let began = world.clock.now();
        alex.line.reject(&call).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Rejected);
        assert_eq!(blake.until_end(&call).await, EndReason::Missed);
        assert_eq!(world.clock.now().since(began).as_secs(), 20, "as long as it rings");
        world.clock.sleep(Duration::from_millis(100)).await;
        assert_eq!(hears(&world, call.as_str()), Hears::Speech);
        alex.wait(3).await;
        world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, call.as_str())).unwrap();
        alex.wait(10).await;
        let recordings = twilio.recordings(&call);
        assert_eq!(recordings.len(), 1);
        assert!(recordings[0].voicemail && recordings[0].ready && recordings[0].duration > Some(Duration::ZERO));
        assert!(!twilio.recording_audio(&recordings[0].id).await.unwrap().is_empty());
    });
}

#[test]
fn without_agents_the_fallback_takes_the_call_at_once() {
    play(|world, twilio| async move {
        *world.fallback.lock() = Fallback::Number(number(numbers::SUPPORT));
        let sid = world.at_twilio(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX)).unwrap();
        let alex = twilio.line(&cordboard::telephony::AgentId::new(ALEX));
        world.clock.sleep(Duration::from_secs(1)).await;
        let legs = world.cloud.lock().legs();
        assert!(legs.iter().any(|leg| leg.parent.as_ref() == Some(&sid) && leg.to == numbers::SUPPORT));
        assert!(alex.active_calls().await.unwrap().is_empty());
        world.clock.sleep(Duration::from_secs(10)).await;
        assert!(world.journal.unfinished().iter().all(|entry| entry.call.as_str() != sid));
    });
}

#[test]
fn a_recording_can_be_listened_to() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.start_recording(&call).await.unwrap();
        alex.wait(2).await;
        alex.line.pause_recording(&call).await.unwrap();
        alex.wait(2).await;
        alex.line.resume_recording(&call).await.unwrap();
        alex.wait(2).await;
        alex.line.hang_up(&call).await.unwrap();
        alex.wait(10).await;
        let recordings = twilio.recordings(&call);
        assert_eq!(recordings.len(), 1);
        assert!(recordings[0].ready && !recordings[0].voicemail);
    });
}

/// The page is reloaded: its leg ends, the customer stays, and the agent comes back when the page has registered again.
#[test]
fn a_reload_keeps_the_customer_on_the_line() {
    play(|world, twilio| async move {
        let browser = identity(&cordboard::telephony::AgentId::new(ALEX));
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.mute(&call).await.unwrap();
        let (agent, customer) = {
            let inside = legs(&world, &call);
            (inside["agent-1"].sid.clone(), inside["customer"].sid.clone())
        };
        // Calls for the agent now go to a browser that is not there.
        world.at_twilio(|cloud, now| cloud.register(now, &browser));
        world.at_twilio(|cloud, now| cloud.client_vanishes(now, &agent)).unwrap();
        alex.wait(2).await;
        assert_eq!(hears(&world, &customer), Hears::Music);
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        twilio.media_token(&cordboard::telephony::AgentId::new(ALEX), world.clock.now()).await.unwrap().unwrap();
        let began = world.clock.now();
        let again = loop {
            alex.wait(1).await;
            let ringing = world.cloud.lock().legs().into_iter().find(|leg| leg.is_browser && leg.status == "ringing");
            if let Some(leg) = ringing {
                break leg.sid;
            }
            assert!(world.clock.now().since(began) < Duration::from_secs(15));
        };
        world.at_twilio(|cloud, now| cloud.client_accepts(now, &again)).unwrap();
        alex.wait(1).await;
        assert_eq!(hears(&world, &again), only(&customer));
        assert_eq!(hears(&world, &customer), Hears::Silence, "the agent is still muted");
        alex.line.unmute(&call).await.unwrap();
        assert_eq!(hears(&world, &customer), only(&again));
        alex.line.hang_up(&call).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::HungUp);
    });
}

#[test]
fn an_agent_who_does_not_come_back_is_not_waited_for_for_ever() {
    let world = World::new();
    let twilio = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&twilio), async {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        let inside = legs(&world, &call);
        world.at_twilio(|cloud, now| cloud.register(now, &identity(&cordboard::telephony::AgentId::new(ALEX))));
        world.at_twilio(|cloud, now| cloud.client_vanishes(now, &inside["agent-1"].sid)).unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::ConnectionLost));
        alex.wait(10).await;
        assert!(world.cloud.lock().legs().iter().all(|leg| leg.status != "in-progress" && leg.status != "ringing"));
    });
}

#[test]
fn refusals_tell_the_agent_what_to_do() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        // The number list is read first, so that only the dial meets the fault.
        alex.line.caller_ids().await.unwrap();
        for (answer, kind) in [
            (Answer::Unauthenticated, ErrorKind::NotAllowed),
            (Answer::NotFound, ErrorKind::Provider),
            (Answer::ServerError, ErrorKind::OutcomeUnknown),
            (Answer::Unavailable, ErrorKind::OutcomeUnknown),
            (Answer::Garbage, ErrorKind::OutcomeUnknown),
            (Answer::Nothing, ErrorKind::OutcomeUnknown),
        ] {
            world.at_twilio(|cloud, _| cloud.inject([Fault::refuse(answer).on(Method::POST, "/Participants")]));
            let error = alex.dial(&format!("{answer:?}"), numbers::ANSWERS).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{answer:?}");
        }
        // Too fast, once: it is sent again.
        world.at_twilio(|cloud, _| cloud.inject([Fault::refuse(Answer::TooManyRequests)]));
        let call = alex.dial("fast", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        // And for ever.
        world.at_twilio(|cloud, _| cloud.inject(vec![Fault::refuse(Answer::TooManyRequests); 4]));
        let error = alex.dial("faster", numbers::ANSWERS).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RateLimited { .. }));
        assert_eq!(error.provider_code(), Some("20429"));
        // A wish that was refused may be repeated.
        let call = alex.dial("faster", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
    });
}

#[test]
fn a_customer_whom_twilio_refuses_ends_the_call() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.dial("1", numbers::NOT_ALLOWED).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::Provider));
        let call = alex.dial("2", "+15005550001").await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::InvalidNumber));
        alex.wait(5).await;
        assert!(world.cloud.lock().legs().iter().all(|leg| leg.status == "completed"), "the agents' legs are over");
    });
}

/// The reply to the customer's dial is lost; what Twilio tells brings the call on, and nobody is dialled twice.
#[test]
fn a_dial_without_an_answer_is_not_repeated() {
    play(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let pass = Fault::after(Answer::Truth).on(Method::POST, "/Participants");
        let lost = Fault::after(Answer::Nothing).on(Method::POST, "/Participants");
        world.at_twilio(|cloud, _| cloud.inject([pass, lost]));
        let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        let dialled = world.cloud.lock().legs().iter().filter(|leg| leg.to == numbers::ANSWERS).count();
        assert_eq!(dialled, 1);
        alex.line.hold(&call).await.unwrap();
        alex.line.hang_up(&call).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::HungUp);
    });
}

/// No webhook comes through: the call is asked for, and found as it is.
#[test]
fn a_call_is_looked_up_when_webhooks_are_lost() {
    let world = World::new();
    let twilio = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&twilio), async {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        let customer = legs(&world, &call)["customer"].sid.clone();
        *world.reachable.lock() = false;
        world.at_twilio(|cloud, now| cloud.far_end_hangs_up(now, &customer)).unwrap();
        alex.wait(20).await;
        assert_eq!(alex.line.active_calls().await.unwrap().len(), 1);
        world.reconcile(&twilio, &call).await;
        assert_eq!(alex.until_end(&call).await, EndReason::RemoteHungUp);

        // A dial that Twilio never got is over after a while; one that it got is found.
        for (fault, is_found) in [(Fault::refuse(Answer::Nothing), false), (Fault::after(Answer::Nothing), true)] {
            world.at_twilio(|cloud, _| cloud.inject([fault.on(Method::POST, "/Participants")]));
            let key = format!("{is_found}");
            let error = alex.dial(&key, numbers::NO_ANSWER).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            let call = error.call().cloned().unwrap();
            alex.wait(1).await;
            world.reconcile(&twilio, &call).await;
            assert_eq!(alex.line.active_calls().await.unwrap().len(), 1);
            alex.wait(20).await;
            world.reconcile(&twilio, &call).await;
            assert_eq!(alex.line.active_calls().await.unwrap().len(), usize::from(is_found));
            if is_found {
                let found = legs(&world, &call);
                assert_eq!(
                    found["customer"].status, "ringing",
                    "the agent's answer was found, and the customer dialled"
                );
                alex.line.hang_up(&call).await.unwrap();
            }
            alex.until_end(&call).await;
        }
    });
}

/// Orders whose answers are lost stay open until they are looked up.
#[test]
fn a_change_without_an_answer_is_looked_up() {
    let world = World::new();
    let twilio = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&twilio), async {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        world.at_twilio(|cloud, _| {
            cloud.inject(vec![Fault::after(Answer::Nothing).on(Method::POST, "/Participants/"); 4])
        });
        assert!(alex.line.hold(&call).await.is_err());
        world.at_twilio(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::POST, "/Recordings")]));
        assert_eq!(alex.line.start_recording(&call).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        world.reconcile(&twilio, &call).await;
        alex.until(&call, CallEventKind::RecordingStarted).await;
        let active = alex.line.active_calls().await.unwrap();
        assert_eq!(active[0].state, CallState::OnHold);

        let consultation = alex.talk("2").await;
        world.at_twilio(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::POST, "/Calls/")]));
        let transfer = Transfer::Attended { consultation: consultation.clone() };
        let error = alex.line.transfer(&call, transfer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        alex.wait(2).await;
        assert_eq!(alex.line.active_calls().await.unwrap().len(), 2);
        world.reconcile(&twilio, &call).await;
        alex.wait(2).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        assert_eq!(legs(&world, &call).len(), 2);
    });
}

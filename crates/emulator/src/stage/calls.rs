//! Whole calls: what each party hears, and what becomes of them when something fails.

#![expect(missing_docs, reason = "tests say by their names what they test")]
#![expect(clippy::unwrap_used, reason = "a test says by panicking that it failed")]
#![expect(clippy::missing_panics_doc, reason = "a test says by panicking that it failed")]

use super::{ALEX, BLAKE, Leg, LegState, Listener, Stage, World, number};
use crate::server::control::Hands as _;
use crate::{Answer, Fault, Hears, numbers};
use cordboard::platform::Clock as _;
use cordboard::telephony::{
    AgentId, Backend as _, CallEventKind, CallState, Capability, EndReason, ErrorKind, FailureReason, Fallback,
    RecordingError, RecordingRef, Transfer,
};
use cordboard_bridge::{Switchboard, identity};
use futures_util::StreamExt as _;
use http::Method;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A number that every provider refuses for its form.
const MALFORMED: &str = "+15005550001";
/// What says nothing of whether the request was carried out.
const UNSURE: [Answer; 4] = [Answer::ServerError, Answer::Unavailable, Answer::Garbage, Answer::Nothing];

/// Runs a test against a server, in virtual time. The provider must find nothing wrong.
pub fn play<S: Stage, F: Future<Output = ()>>(test: impl FnOnce(Arc<World<S>>, Switchboard<S::Carrier>) -> F) {
    let world = World::<S>::new();
    let backend = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&backend), test(Arc::clone(&world), backend.clone()));
    assert_eq!(world.cloud.lock().warnings(), [""; 0]);
}

/// That a leg hears this one, and nothing else.
#[must_use]
pub fn only(leg: &str) -> Hears {
    Hears::Legs(BTreeSet::from([leg.to_owned()]))
}

fn assert_over<S: Stage>(world: &World<S>) {
    for leg in world.all_legs() {
        assert_eq!(leg.state, LegState::Over, "{}", leg.to);
    }
}

pub fn the_agent_is_there_before_the_customer_is_dialled<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.dial("1", numbers::ANSWERS_AFTER_3_S).await.unwrap();
        alex.until(&call, CallEventKind::Ringing).await;
        let inside = world.legs(&call);
        assert_eq!((inside["agent-1"].state, inside["customer"].state), (LegState::Up, LegState::Rings));
        assert_eq!(inside["customer"].from, numbers::ALEX, "the account's first number");
        alex.until(&call, CallEventKind::Connected).await;
        let inside = world.legs(&call);
        assert_eq!(world.hears(&inside["agent-1"].id), only(&inside["customer"].id));
        assert_eq!(world.hears(&inside["customer"].id), only(&inside["agent-1"].id));
    });
}

pub fn a_held_customer_hears_music_and_a_muted_agent_is_not_heard<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        let inside = world.legs(&call);
        let (agent, customer) = (&inside["agent-1"].id, &inside["customer"].id);
        alex.line.hold(&call).await.unwrap();
        assert_eq!(world.hears(customer), Hears::Music);
        alex.line.resume(&call).await.unwrap();
        alex.line.mute(&call).await.unwrap();
        assert_eq!(world.hears(customer), Hears::Silence);
        assert_eq!(world.hears(agent), only(customer));
        alex.line.unmute(&call).await.unwrap();
        assert_eq!(world.hears(customer), only(agent));
    });
}

pub fn a_hang_up_leaves_nobody_behind<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
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
        assert_over(&world);
    });
}

pub fn a_blind_transfer_of_a_held_call_joins_the_other_two<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.hold(&call).await.unwrap();
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS_AFTER_3_S) }).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
        alex.wait(1).await;
        let inside = world.legs(&call);
        assert_eq!(inside.keys().collect::<Vec<_>>(), ["customer", "target-3"]);
        let (customer, target) = (inside["customer"].id.clone(), inside["target-3"].id.clone());
        assert_eq!(world.hears(&customer), only(&target));
        // Neither is left alone when the other goes.
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, &target)).unwrap();
        alex.wait(1).await;
        assert_over(&world);
    });
}

pub fn a_transfer_that_nobody_takes_leaves_the_call_as_it_was<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::REJECTS) }).await.unwrap();
        alex.until(&call, CallEventKind::TransferFailed).await;
        let refused = alex.line.transfer(&call, Transfer::Blind { to: number(MALFORMED) }).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidNumber);
        let inside = world.legs(&call);
        assert_eq!(world.hears(&inside["customer"].id), only(&inside["agent-1"].id));
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        alex.line.transfer(&call, Transfer::Blind { to: number(numbers::ANSWERS) }).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
    });
}

pub fn an_attended_transfer_joins_both_customers<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.hold(&call).await.unwrap();
        let consultation = alex.talk("2").await;
        let expert = world.legs(&consultation)["customer"].id.clone();
        let transfer = Transfer::Attended { consultation: consultation.clone() };
        alex.line.transfer(&call, transfer).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Transferred);
        alex.wait(1).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        let inside = world.legs(&call);
        let customer = inside["customer"].id.clone();
        assert_eq!(inside.len(), 2);
        assert_eq!((world.hears(&customer), world.hears(&expert)), (only(&expert), only(&customer)));
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, &expert)).unwrap();
        alex.wait(1).await;
        assert_over(&world);
    });
}

pub fn an_inbound_call_can_be_consulted_about_and_handed_on<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX)).unwrap();
        let call = alex.until_ringing().await;
        alex.line.answer(&call).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        let consultation = alex.talk("1").await;
        // The caller is brought to the expert, instead of the other way round.
        alex.line.transfer(&consultation, Transfer::Attended { consultation: call.clone() }).await.unwrap();
        assert_eq!(alex.until_end(&consultation).await, EndReason::Transferred);
        alex.wait(1).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        let expert = world.legs(&consultation)["customer"].id.clone();
        assert_eq!(world.hears(call.as_str()), only(&expert));
    });
}

pub fn agents_call_each_other_and_hand_over<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let mut blake = Listener::new(&world, &backend, BLAKE);
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

pub fn one_of_two_agents_answers<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let mut blake = Listener::new(&world, &backend, BLAKE);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
        let call = alex.until_ringing().await;
        assert_eq!(blake.until_ringing().await, call);
        alex.wait(1).await;
        assert_eq!(world.hears(call.as_str()), Hears::Music);
        let (first, second) = futures_util::future::join(alex.line.answer(&call), blake.line.answer(&call)).await;
        assert_eq!((first.is_ok(), second.unwrap_err().kind()), (true, ErrorKind::WrongState));
        alex.until(&call, CallEventKind::Connected).await;
        assert_eq!(blake.until_end(&call).await, EndReason::AnsweredElsewhere);
        assert_eq!(world.hears(call.as_str()), only(&world.legs(&call)["agent-2"].id));
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, call.as_str())).unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::RemoteHungUp);
    });
}

pub fn nobody_answers_and_the_caller_leaves_a_message<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        *world.fallback.lock() = Fallback::Voicemail { greeting: "Leave a message".to_owned() };
        let mut alex = Listener::new(&world, &backend, ALEX);
        let mut blake = Listener::new(&world, &backend, BLAKE);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::SALES)).unwrap();
        let call = alex.until_ringing().await;
        let began = world.clock.now();
        alex.line.reject(&call).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Rejected);
        assert_eq!(blake.until_end(&call).await, EndReason::Missed);
        assert_eq!(world.clock.now().since(began).as_secs(), 20, "as long as it rings");
        world.clock.sleep(Duration::from_millis(100)).await;
        assert_eq!(world.hears(call.as_str()), Hears::Speech);
        alex.wait(3).await;
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, call.as_str())).unwrap();
        alex.wait(10).await;
        let recordings = backend.recordings(&call);
        assert_eq!(recordings.len(), 1);
        assert!(recordings[0].voicemail && recordings[0].ready && recordings[0].duration > Some(Duration::ZERO));
        let voicemail = RecordingRef::new(&*recordings[0].id);
        assert!(backend.recording(&voicemail, None).await.unwrap().chunks.next().await.is_some());
    });
}

pub fn without_agents_the_fallback_takes_the_call_at_once<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        *world.fallback.lock() = Fallback::Number(number(numbers::SUPPORT));
        let leg = world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX)).unwrap();
        let alex = backend.line(&AgentId::new(ALEX));
        world.clock.sleep(Duration::from_secs(1)).await;
        assert!(world.all_legs().iter().any(|leg| leg.to == numbers::SUPPORT));
        assert!(alex.active_calls().await.unwrap().is_empty());
        world.clock.sleep(Duration::from_secs(10)).await;
        assert!(world.journal.unfinished().iter().all(|entry| entry.call.as_str() != leg));
    });
}

pub fn a_recording_can_be_listened_to<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.start_recording(&call).await.unwrap();
        let name = alex.until_recording(&call).await;
        alex.wait(2).await;
        assert_eq!(alex.line.active_calls().await.unwrap()[0].recordings, std::slice::from_ref(&name));
        assert_eq!(backend.recording(&name, None).await.err(), Some(RecordingError::NotReady));
        if alex.line.capabilities().has(Capability::PauseRecording) {
            alex.line.pause_recording(&call).await.unwrap();
            alex.wait(2).await;
            alex.line.resume_recording(&call).await.unwrap();
        }
        alex.wait(2).await;
        alex.line.hang_up(&call).await.unwrap();
        alex.wait(10).await;
        let recordings = backend.recordings(&call);
        assert_eq!(recordings.len(), 1);
        assert!(recordings[0].ready && !recordings[0].voicemail);
        // A server that has just been started has it too: the journal and the provider keep what they keep.
        let backend = World::start(&world);
        let sound = backend.recording(&name, None).await.unwrap();
        assert_eq!((sound.content_type, sound.part), ("audio/mpeg", None));
        let heard: Vec<Vec<u8>> = sound.chunks.map(Result::unwrap).collect().await;
        assert_eq!(&heard.concat()[..2], [0xFF, 0xF3], "MP3");
        for name in [RecordingRef::new("RE0"), RecordingRef::new("../Calls"), RecordingRef::new("")] {
            assert_eq!(backend.recording(&name, None).await.err(), Some(RecordingError::Gone));
        }
    });
}

/// The page is reloaded: its leg ends, the customer stays, and the agent comes back when the page has registered again.
pub fn a_reload_keeps_the_customer_on_the_line<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let browser = identity(&AgentId::new(ALEX));
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.mute(&call).await.unwrap();
        let (agent, customer) = {
            let inside = world.legs(&call);
            (inside["agent-1"].id.clone(), inside["customer"].id.clone())
        };
        // Calls for the agent now go to a browser that is not there.
        world.at_provider(|cloud, now| S::take_over(cloud, now, &browser));
        world.at_provider(|cloud, now| cloud.client_vanishes(now, &agent)).unwrap();
        alex.wait(2).await;
        assert_eq!(world.hears(&customer), S::ALONE);
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        backend.media_token(&AgentId::new(ALEX), world.clock.now()).await.unwrap().unwrap();
        let began = world.clock.now();
        let again = loop {
            alex.wait(1).await;
            let rings = |leg: &Leg| leg.is_browser && leg.state == LegState::Rings;
            let ringing = world.all_legs().into_iter().find(rings);
            if let Some(leg) = ringing {
                break leg.id;
            }
            assert!(world.clock.now().since(began) < Duration::from_secs(15));
        };
        world.at_provider(|cloud, now| S::client_accepts(cloud, now, &again)).unwrap();
        alex.wait(1).await;
        assert_eq!(world.hears(&again), only(&customer));
        assert_eq!(world.hears(&customer), Hears::Silence, "the agent is still muted");
        alex.line.unmute(&call).await.unwrap();
        assert_eq!(world.hears(&customer), only(&again));
        alex.line.hang_up(&call).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::HungUp);
    });
}

pub fn an_agent_who_does_not_come_back_is_not_waited_for_for_ever<S: Stage>() {
    let world = World::<S>::new();
    let backend = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&backend), async {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        let inside = world.legs(&call);
        world.at_provider(|cloud, now| S::take_over(cloud, now, &identity(&AgentId::new(ALEX))));
        world.at_provider(|cloud, now| cloud.client_vanishes(now, &inside["agent-1"].id)).unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::ConnectionLost));
        alex.wait(10).await;
        assert_over(&world);
    });
}

pub fn a_customer_whom_the_provider_refuses_ends_the_call<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.dial("1", numbers::NOT_ALLOWED).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::NotAllowed));
        let call = alex.dial("2", MALFORMED).await.unwrap();
        assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::InvalidNumber));
        alex.wait(5).await;
        assert_over(&world);
    });
}

/// What is not the number's fault is not said of the number.
pub fn an_account_that_the_provider_refuses_ends_the_call<S: Stage>() {
    for answer in [Answer::Unauthenticated, Answer::NotFound, Answer::TooManyRequests] {
        play::<S, _>(|world, backend| async move {
            let mut alex = Listener::new(&world, &backend, ALEX);
            let pass = Fault::after(Answer::Truth).on(Method::POST, S::MAKES_LEGS);
            // As often as it is tried.
            let refuses = vec![Fault::refuse(answer).on(Method::POST, S::MAKES_LEGS); 4];
            world.at_provider(|cloud, _| cloud.inject([vec![pass], refuses].concat()));
            let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
            assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::Provider), "{answer:?}");
            alex.wait(5).await;
            assert_over(&world);
        });
    }
}

/// The reply to the customer's dial is lost; what the provider tells brings the call on, and nobody is dialled twice.
pub fn a_dial_without_an_answer_is_not_repeated<S: Stage>() {
    for answer in UNSURE {
        play::<S, _>(|world, backend| async move {
            let mut alex = Listener::new(&world, &backend, ALEX);
            let pass = Fault::after(Answer::Truth).on(Method::POST, S::MAKES_LEGS);
            let lost = Fault::after(answer).on(Method::POST, S::MAKES_LEGS);
            world.at_provider(|cloud, _| cloud.inject([pass, lost]));
            let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
            alex.until(&call, CallEventKind::Connected).await;
            let dialled = world.all_legs().iter().filter(|leg| leg.to == numbers::ANSWERS).count();
            assert_eq!(dialled, 1);
            alex.line.hold(&call).await.unwrap();
            alex.line.hang_up(&call).await.unwrap();
            assert_eq!(alex.until_end(&call).await, EndReason::HungUp);
        });
    }
}

/// The provider fails, and dials nobody: the agent is told soon.
pub fn a_dial_that_came_to_nothing_is_over_soon<S: Stage>() {
    for answer in UNSURE {
        play::<S, _>(|world, backend| async move {
            let mut alex = Listener::new(&world, &backend, ALEX);
            let pass = Fault::after(Answer::Truth).on(Method::POST, S::MAKES_LEGS);
            let fails = Fault::refuse(answer).on(Method::POST, S::MAKES_LEGS);
            world.at_provider(|cloud, _| cloud.inject([pass, fails]));
            let began = world.clock.now();
            let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
            assert_eq!(alex.until_end(&call).await, EndReason::Failed(FailureReason::Provider));
            assert!(world.clock.now().since(began) < Duration::from_secs(30));
            alex.wait(5).await;
            assert_over(&world);
            assert!(!world.all_legs().iter().any(|leg| leg.to == numbers::ANSWERS));
        });
    }
}

/// The provider fails for a while when nobody answers: the caller does not wait for ever.
pub fn a_caller_is_sent_on_late_rather_than_never<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        *world.fallback.lock() = Fallback::Voicemail { greeting: "Leave a message".to_owned() };
        let mut alex = Listener::new(&world, &backend, ALEX);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::ANSWERS, numbers::ALEX)).unwrap();
        let call = alex.until_ringing().await;
        alex.wait(1).await;
        let (method, path) = S::CHANGES_LEGS;
        let fails = Fault::refuse(Answer::ServerError).on(method, path);
        world.at_provider(|cloud, _| cloud.inject(vec![fails; 4]));
        alex.line.reject(&call).await.unwrap();
        assert_ne!(world.hears(call.as_str()), Hears::Speech, "four requests have failed");
        let began = world.clock.now();
        while world.hears(call.as_str()) != Hears::Speech {
            alex.wait(1).await;
            assert!(world.clock.now().since(began) < Duration::from_secs(10));
        }
    });
}

/// Where a caller is forwarded to it rings once, whether the request was lost or only its answer.
pub fn a_caller_is_forwarded_once<S: Stage>() {
    for fault in [Fault::refuse(Answer::Nothing), Fault::after(Answer::Nothing), Fault::after(Answer::ServerError)] {
        play::<S, _>(|world, backend| async move {
            *world.fallback.lock() = Fallback::Number(number(numbers::ANSWERS));
            let mut alex = Listener::new(&world, &backend, ALEX);
            world.at_provider(|cloud, now| cloud.incoming(now, numbers::BUSY, numbers::ALEX)).unwrap();
            let call = alex.until_ringing().await;
            alex.wait(1).await;
            let (method, path) = S::CHANGES_LEGS;
            world.at_provider(|cloud, _| cloud.inject([fault.on(method, path)]));
            alex.line.reject(&call).await.unwrap();
            alex.wait(30).await;
            assert_eq!(world.all_legs().iter().filter(|leg| leg.to == numbers::ANSWERS).count(), 1);
        });
    }
}

/// While a request is on its way, nobody else sends the same.
pub fn a_caller_is_forwarded_once_however_long_it_takes<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        *world.fallback.lock() = Fallback::Number(number(numbers::ANSWERS));
        let mut alex = Listener::new(&world, &backend, ALEX);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::BUSY, numbers::ALEX)).unwrap();
        let call = alex.until_ringing().await;
        let (method, path) = S::CHANGES_LEGS;
        *world.slow.lock() = Some((method, path, Duration::from_secs(9)));
        assert_eq!(alex.until_end(&call).await, EndReason::Missed);
        alex.wait(40).await;
        assert_eq!(world.all_legs().iter().filter(|leg| leg.to == numbers::ANSWERS).count(), 1);
    });
}

/// That one caller was forwarded says nothing of another.
pub fn each_caller_is_forwarded<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        *world.fallback.lock() = Fallback::Number(number(numbers::ANSWERS));
        let mut alex = Listener::new(&world, &backend, ALEX);
        let mut blake = Listener::new(&world, &backend, BLAKE);
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::BUSY, numbers::ALEX)).unwrap();
        let first = alex.until_ringing().await;
        world.at_provider(|cloud, now| cloud.incoming(now, numbers::NO_ANSWER, numbers::BLAKE)).unwrap();
        let second = blake.until_ringing().await;
        alex.wait(1).await;
        alex.line.reject(&first).await.unwrap();
        let (method, path) = S::CHANGES_LEGS;
        world.at_provider(|cloud, _| cloud.inject([Fault::refuse(Answer::Unavailable).on(method, path)]));
        blake.line.reject(&second).await.unwrap();
        alex.wait(10).await;
        assert_eq!(world.all_legs().iter().filter(|leg| leg.to == numbers::ANSWERS).count(), 2);
    });
}

/// A request that waits for its turn for longer than a lost one would be waited for makes a call all the same.
pub fn a_dial_that_takes_long_is_waited_for<S: Stage>() {
    play::<S, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        *world.slow.lock() = Some((Method::POST, S::MAKES_LEGS, Duration::from_secs(25)));
        let call = alex.dial("1", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
    });
}

/// No webhook comes through: the call is asked for, and found as it is.
pub fn a_call_is_looked_up_when_webhooks_are_lost<S: Stage>() {
    let world = World::<S>::new();
    let backend = world.start();
    let clock = world.clock.clone();
    clock.block_on(world.serve(&backend), async {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        let customer = world.legs(&call)["customer"].id.clone();
        *world.reachable.lock() = false;
        world.at_provider(|cloud, now| cloud.far_end_hangs_up(now, &customer)).unwrap();
        alex.wait(20).await;
        assert_eq!(alex.line.active_calls().await.unwrap().len(), 1);
        world.reconcile(&backend, &call).await;
        assert_eq!(alex.until_end(&call).await, EndReason::RemoteHungUp);

        // A dial that the provider never got is over after a while; one that it got is found.
        for (fault, is_found) in [(Fault::refuse(Answer::Nothing), false), (Fault::after(Answer::Nothing), true)] {
            world.at_provider(|cloud, _| cloud.inject([fault.on(Method::POST, S::MAKES_LEGS)]));
            let key = format!("{is_found}");
            let error = alex.dial(&key, numbers::NO_ANSWER).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
            let call = error.call().cloned().unwrap();
            alex.wait(1).await;
            world.reconcile(&backend, &call).await;
            assert_eq!(alex.line.active_calls().await.unwrap().len(), 1);
            alex.wait(20).await;
            world.reconcile(&backend, &call).await;
            assert_eq!(alex.line.active_calls().await.unwrap().len(), usize::from(is_found));
            if is_found {
                let found = world.legs(&call);
                assert_eq!(
                    found["customer"].state,
                    LegState::Rings,
                    "the agent's answer was found, and the customer dialled"
                );
                alex.line.hang_up(&call).await.unwrap();
            }
            alex.until_end(&call).await;
        }
    });
}

/// Makes a `#[test]` of each of these for a [`Stage`](crate::stage::Stage).
#[macro_export]
macro_rules! call_tests {
    ($stage:ty) => {
        $crate::call_tests! { $stage =>
            the_agent_is_there_before_the_customer_is_dialled
            a_held_customer_hears_music_and_a_muted_agent_is_not_heard
            a_hang_up_leaves_nobody_behind
            a_blind_transfer_of_a_held_call_joins_the_other_two
            a_transfer_that_nobody_takes_leaves_the_call_as_it_was
            an_attended_transfer_joins_both_customers
            an_inbound_call_can_be_consulted_about_and_handed_on
            agents_call_each_other_and_hand_over
            one_of_two_agents_answers
            nobody_answers_and_the_caller_leaves_a_message
            without_agents_the_fallback_takes_the_call_at_once
            a_recording_can_be_listened_to
            a_reload_keeps_the_customer_on_the_line
            an_agent_who_does_not_come_back_is_not_waited_for_for_ever
            a_customer_whom_the_provider_refuses_ends_the_call
            an_account_that_the_provider_refuses_ends_the_call
            a_dial_without_an_answer_is_not_repeated
            a_dial_that_came_to_nothing_is_over_soon
            a_caller_is_sent_on_late_rather_than_never
            a_caller_is_forwarded_once
            a_caller_is_forwarded_once_however_long_it_takes
            each_caller_is_forwarded
            a_dial_that_takes_long_is_waited_for
            a_call_is_looked_up_when_webhooks_are_lost
        }
    };
    ($stage:ty => $($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                $crate::stage::calls::$name::<$stage>();
            }
        )+
    };
}

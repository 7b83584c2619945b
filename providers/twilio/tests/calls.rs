//! Whole calls against the emulator, and what only Twilio does.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::telephony::{Backend as _, CallEventKind, CallState, ErrorKind, RecordingError, Transfer};
use cordboard_emulator::stage::{ALEX, calls};
use cordboard_twilio_emulator::{Answer, Fault, Hands as _, numbers};
use http::Method;
use support::{Listener, Twilio, World};

cordboard_emulator::call_tests!(Twilio);

#[test]
fn refusals_tell_the_agent_what_to_do() {
    calls::play::<Twilio, _>(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        // The number list is read first, so that only the dial meets the fault.
        alex.line.caller_ids().await.unwrap();
        for (answer, kind) in [
            (Answer::Unauthenticated, ErrorKind::Provider),
            (Answer::NotFound, ErrorKind::Provider),
            (Answer::ServerError, ErrorKind::OutcomeUnknown),
            (Answer::Unavailable, ErrorKind::OutcomeUnknown),
            (Answer::Garbage, ErrorKind::OutcomeUnknown),
            (Answer::Nothing, ErrorKind::OutcomeUnknown),
        ] {
            world.at_provider(|cloud, _| cloud.inject([Fault::refuse(answer).on(Method::POST, "/Participants")]));
            let error = alex.dial(&format!("{answer:?}"), numbers::ANSWERS).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{answer:?}");
        }
        // Too fast, once: it is sent again.
        world.at_provider(|cloud, _| cloud.inject([Fault::refuse(Answer::TooManyRequests)]));
        let call = alex.dial("fast", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
        // And for ever.
        world.at_provider(|cloud, _| cloud.inject(vec![Fault::refuse(Answer::TooManyRequests); 4]));
        let error = alex.dial("faster", numbers::ANSWERS).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::RateLimited { .. }));
        assert_eq!(error.provider_code(), Some("20429"));
        // A wish that was refused may be repeated.
        let call = alex.dial("faster", numbers::ANSWERS).await.unwrap();
        alex.until(&call, CallEventKind::Connected).await;
    });
}

/// Whether the recording pauses is what the agent relies on who takes down the number of a card.
#[test]
fn a_recording_that_goes_on_unheard_of_is_found() {
    calls::play::<Twilio, _>(|world, twilio| async move {
        let mut alex = Listener::new(&world, &twilio, ALEX);
        let call = alex.talk("1").await;
        alex.line.start_recording(&call).await.unwrap();
        let unheard = || vec![Fault::after(Answer::Nothing).on(Method::POST, "/Recordings/"); 4];
        world.at_provider(|cloud, _| cloud.inject(unheard()));
        assert_eq!(alex.line.pause_recording(&call).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        alex.until(&call, CallEventKind::RecordingPaused).await;
        world.at_provider(|cloud, _| cloud.inject(unheard()));
        assert_eq!(alex.line.resume_recording(&call).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        alex.until(&call, CallEventKind::RecordingResumed).await;
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
        world.at_provider(|cloud, _| {
            cloud.inject(vec![Fault::after(Answer::Nothing).on(Method::POST, "/Participants/"); 4])
        });
        assert!(alex.line.hold(&call).await.is_err());
        world.at_provider(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::POST, "/Recordings")]));
        assert_eq!(alex.line.start_recording(&call).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(alex.line.active_calls().await.unwrap()[0].state, CallState::Connected);
        world.reconcile(&twilio, &call).await;
        let found = alex.until_recording(&call).await;
        assert_eq!(twilio.recording(&found, None).await.err(), Some(RecordingError::NotReady));
        let active = alex.line.active_calls().await.unwrap();
        assert_eq!(active[0].state, CallState::OnHold);

        let consultation = alex.talk("2").await;
        world.at_provider(|cloud, _| cloud.inject([Fault::after(Answer::Nothing).on(Method::POST, "/Calls/")]));
        let transfer = Transfer::Attended { consultation: consultation.clone() };
        let error = alex.line.transfer(&call, transfer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        alex.wait(2).await;
        assert_eq!(alex.line.active_calls().await.unwrap().len(), 2);
        world.reconcile(&twilio, &call).await;
        alex.wait(2).await;
        assert!(alex.line.active_calls().await.unwrap().is_empty());
        assert_eq!(world.legs(&call).len(), 2);
    });
}

//! Whole calls: what each party hears, and what becomes of them when something fails.

#![allow(clippy::unwrap_used, reason = "a test says by panicking that it failed")]

mod support;

use cordboard::telephony::Digits;
use cordboard_emulator::stage::{ALEX, Listener, calls};
use support::TinCan;

// ANCHOR: calls
cordboard_emulator::call_tests! { TinCan =>
    the_agent_is_there_before_the_customer_is_dialled
    a_held_customer_hears_music_and_a_muted_agent_is_not_heard
    a_hang_up_leaves_nobody_behind
    a_blind_transfer_of_a_held_call_joins_the_other_two
    a_transfer_that_nobody_takes_leaves_the_call_as_it_was
    an_attended_transfer_joins_both_customers
    an_inbound_call_can_be_consulted_about_and_handed_on
    one_of_two_agents_answers
    without_agents_the_fallback_takes_the_call_at_once
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
// ANCHOR_END: calls

#[test]
fn the_customer_hears_keys() {
    calls::play::<TinCan, _>(|world, backend| async move {
        let mut alex = Listener::new(&world, &backend, ALEX);
        let call = alex.talk("1").await;
        alex.line.send_digits(&call, &Digits::parse("159*0#").unwrap()).await.unwrap();
        let customer = world.legs(&call)["customer"].id.clone();
        assert_eq!(world.cloud.lock().heard(&customer), "159*0#");
    });
}

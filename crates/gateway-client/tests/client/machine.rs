//! The machine in virtual time, with a gateway that the test plays.

use crate::support::{Rig, Wanted, event, lagged, lost, password, restored, signed_out, tokens, value, welcome};
use cordboard::Object;
use cordboard::telephony::{Credentials, ErrorKind, Event, Operation, SignedOutReason};
use serde_json::json;
use std::time::Duration;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn no_fields() -> Object {
    Object::new()
}

fn of(call: &str) -> Object {
    Object::new().with("call", call)
}

fn dial() -> Object {
    Object::new().with("key", "k").with("to", "+16175550100")
}

mod signing_in {
    use super::*;

    #[test]
    fn by_password() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, password(), None);
        let posts = rig.posts();
        assert_eq!(posts, [(2, "/api/session", json!({ "name": "alex", "password": "open" }))]);
        rig.respond(2, 200, &tokens(1));
        assert_eq!(rig.take(), [Wanted::Remember(Some("refresh-1".to_owned())), Wanted::Connect]);
        let hello = rig.open(&welcome("s", 10, false));
        assert_eq!(hello, json!({ "type": "hello", "token": "access-1" }));
        let agent = json!({ "id": "alex", "name": "Alex Demo" });
        assert_eq!(rig.take(), [Wanted::Send(hello), Wanted::Reply(id, Ok(agent))]);
    }

    #[test]
    fn refused() {
        let too_fast = ErrorKind::RateLimited { retry_after: Some(seconds(1)) };
        for (status, answer, kind) in [
            (401, json!({ "error": { "kind": "bad_credentials" } }), ErrorKind::BadCredentials),
            (429, json!({ "error": { "kind": "rate_limited", "retry_after": 1_000 } }), too_fast),
            (403, json!({ "error": { "kind": "not_allowed" } }), ErrorKind::NotAllowed),
            // Whoever stands before the gateway says less.
            (401, json!(null), ErrorKind::BadCredentials),
            (502, json!(null), ErrorKind::Provider),
            (200, json!({}), ErrorKind::Provider),
        ] {
            let mut rig = Rig::new();
            let id = rig.client.sign_in(rig.now, password(), None);
            let post = rig.expect_post("/api/session");
            rig.respond(post, status, &answer);
            assert_eq!(rig.take(), [Wanted::Reply(id, Err(kind))]);
            assert_eq!(rig.client.poll_timeout(), None, "nothing goes on");
        }
    }

    #[test]
    fn unreachable_at_once_and_unreachable_in_time() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        rig.client.handle_response(rig.now, post, None);
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(ErrorKind::Unreachable))]);

        // The tokens come, and no socket ever does.
        let id = rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        rig.respond(post, 200, &tokens(1));
        rig.pass(seconds(60));
        let wanted = rig.take();
        assert!(wanted.contains(&Wanted::Reply(id, Err(ErrorKind::Unreachable))), "{wanted:?}");
        assert_eq!(rig.client.poll_timeout(), None, "nothing goes on");
    }

    #[test]
    fn everything_else_needs_an_agent() {
        let mut rig = Rig::new();
        let dial = rig.order("dial", Operation::Dial, dial());
        let leave = rig.order("sign_out", Operation::SignOut, no_fields());
        let none = rig.client.sign_in(rig.now, Credentials::None, None);
        assert_eq!(
            rig.take(),
            [
                Wanted::Reply(dial, Err(ErrorKind::NotSignedIn)),
                Wanted::Reply(leave, Ok(json!(null))),
                Wanted::Reply(none, Err(ErrorKind::NotSignedIn)),
            ]
        );
    }

    #[test]
    fn a_second_attempt_takes_the_place_of_the_first() {
        let mut rig = Rig::new();
        let first = rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        let second = rig.client.sign_in(rig.now, password(), None);
        assert!(rig.take().contains(&Wanted::Reply(first, Err(ErrorKind::NotSignedIn))));
        rig.respond(post, 200, &tokens(1));
        assert_eq!(rig.take(), [], "nobody waits for it");
        rig.respond(post + 2, 200, &tokens(2));
        rig.open(&welcome("s", 0, false));
        assert!(rig.take().iter().any(|wanted| matches!(wanted, Wanted::Reply(id, Ok(_)) if *id == second)));
    }

    #[test]
    fn another_agent_takes_the_line_over() {
        let mut rig = Rig::online();
        let held = rig.order("hold", Operation::Hold, of("a"));
        rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        let mut blake = tokens(2);
        blake["agent"] = json!({ "id": "blake", "name": "Blake Demo" });
        rig.respond(post, 200, &blake);
        let wanted = rig.take();
        let leaves = |wanted: &Wanted| matches!(wanted, Wanted::Send(message) if message["operation"] == "sign_out");
        assert!(wanted.iter().any(leaves), "{wanted:?}");
        assert!(wanted.contains(&Wanted::Reply(held, Err(ErrorKind::OutcomeUnknown))));
        let hello = rig.open(&welcome("t", 0, false));
        assert_eq!(hello, json!({ "type": "hello", "token": "access-2" }), "another stream");
    }

    #[test]
    fn goes_on_after_a_reload() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, Credentials::None, Some("kept".to_owned()));
        let posts = rig.posts();
        let [(post, path, body)] = posts.as_slice() else { panic!("{posts:?}") };
        assert_eq!((*path, body), ("/api/session/refresh", &json!({ "refresh_token": "kept" })));
        rig.respond(*post, 200, &tokens(2));
        assert!(rig.wanted.contains(&Wanted::Remember(Some("refresh-2".to_owned()))));
        rig.open(&welcome("s", 4, false));
        let wanted = rig.take();
        assert!(matches!(wanted.last(), Some(Wanted::Reply(reply, Ok(_))) if *reply == id), "{wanted:?}");
    }

    #[test]
    fn a_session_that_is_over_is_forgotten_quietly() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, Credentials::None, Some("kept".to_owned()));
        let post = rig.expect_post("/api/session/refresh");
        rig.respond(post, 401, &json!({}));
        let wanted = rig.take();
        assert!(wanted.contains(&Wanted::Reply(id, Err(ErrorKind::NotSignedIn))), "{wanted:?}");
        assert!(wanted.contains(&Wanted::Remember(None)));
        assert!(!wanted.iter().any(|wanted| matches!(wanted, Wanted::Event(_))), "{wanted:?}");
    }

    #[test]
    fn a_reload_while_the_gateway_restarts_waits_for_it() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, Credentials::None, Some("kept".to_owned()));
        let mut asked = 0;
        while asked < 3 {
            if let Some((post, ..)) = rig.posts().first() {
                asked += 1;
                rig.client.handle_response(rig.now, *post, None);
            }
            let due = rig.client.poll_timeout().unwrap();
            rig.now = rig.now.max(due);
            rig.client.handle_timeout(rig.now);
        }
        rig.pass(seconds(8));
        let post = rig.expect_post("/api/session/refresh");
        rig.respond(post, 200, &tokens(1));
        rig.open(&welcome("s", 0, false));
        assert!(rig.take().iter().any(|wanted| matches!(wanted, Wanted::Reply(reply, Ok(_)) if *reply == id)));
    }

    #[test]
    fn a_reload_without_a_network_keeps_the_token() {
        let mut rig = Rig::new();
        let id = rig.client.sign_in(rig.now, Credentials::None, Some("kept".to_owned()));
        let mut wanted = Vec::new();
        while rig.client.poll_timeout().is_some() {
            for (post, ..) in rig.posts() {
                rig.client.handle_response(rig.now, post, None);
            }
            rig.pass(seconds(1));
            wanted.append(&mut rig.take());
        }
        assert!(wanted.contains(&Wanted::Reply(id, Err(ErrorKind::Unreachable))), "{wanted:?}");
        assert!(!wanted.contains(&Wanted::Remember(None)));
    }
}

mod signing_out {
    use super::*;

    #[test]
    fn hears_how_the_calls_ended() {
        let mut rig = Rig::online();
        let id = rig.order("sign_out", Operation::SignOut, no_fields());
        rig.take();
        rig.hear(&json!({ "type": "reply", "id": id, "result": {} }));
        assert_eq!(rig.take(), [Wanted::Reply(id, Ok(json!({}))), Wanted::Remember(None)]);
        let after = rig.order("active_calls", Operation::ActiveCalls, no_fields());
        assert_eq!(rig.take(), [Wanted::Reply(after, Err(ErrorKind::NotSignedIn))]);
        rig.hear(&event(11, "a", 1));
        assert_eq!(rig.events().len(), 1);
        rig.close();
        assert_eq!(rig.take(), [Wanted::Disconnect], "nothing is lost, and nothing is tried again");
        assert_eq!(rig.client.poll_timeout(), None);
    }

    #[test]
    fn another_agent_does_not_go_on_where_the_last_one_left() {
        let mut rig = Rig::online();
        let id = rig.order("sign_out", Operation::SignOut, no_fields());
        rig.hear(&json!({ "type": "reply", "id": id, "result": {} }));
        rig.take();
        rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        rig.respond(post, 200, &tokens(2));
        let hello = rig.open(&welcome("t", 0, false));
        assert_eq!(hello, json!({ "type": "hello", "token": "access-2" }));
    }

    #[test]
    fn closes_by_itself_if_the_gateway_does_not() {
        let mut rig = Rig::online();
        let id = rig.order("sign_out", Operation::SignOut, no_fields());
        rig.hear(&json!({ "type": "reply", "id": id, "result": {} }));
        rig.take();
        rig.pass(seconds(10));
        assert_eq!(rig.take(), [Wanted::Disconnect]);
    }

    #[test]
    fn a_reply_that_got_lost_is_asked_for_again() {
        let mut rig = Rig::online();
        let id = rig.order("sign_out", Operation::SignOut, no_fields());
        rig.close();
        rig.until_connect();
        rig.take();
        rig.client.handle_opened(rig.now);
        rig.hear(&json!({ "type": "signed_out", "reason": "revoked" }));
        let wanted = rig.take();
        assert!(wanted.contains(&Wanted::Reply(id, Ok(json!(null)))), "{wanted:?}");
        assert!(!wanted.iter().any(|wanted| matches!(wanted, Wanted::Event(_))), "the agent asked for it: {wanted:?}");
    }

    #[test]
    fn by_somebody_else_is_told() {
        for (name, reason) in [
            ("expired", SignedOutReason::Expired),
            ("replaced", SignedOutReason::Replaced),
            ("revoked", SignedOutReason::Revoked),
        ] {
            let mut rig = Rig::online();
            let dial = rig.order("dial", Operation::Dial, dial());
            rig.take();
            rig.hear(&json!({ "type": "signed_out", "reason": name }));
            assert_eq!(
                rig.take(),
                [signed_out(reason), Wanted::Reply(dial, Err(ErrorKind::OutcomeUnknown)), Wanted::Remember(None),]
            );
            rig.close();
            assert_eq!(rig.take(), [Wanted::Disconnect]);
            rig.sign_in();
        }
    }
}

mod orders {
    use super::*;

    #[test]
    fn are_answered_by_their_ids() {
        let mut rig = Rig::online();
        let first = rig.order("active_calls", Operation::ActiveCalls, no_fields());
        let second = rig.order("hold", Operation::Hold, of("a"));
        assert_eq!(
            rig.take(),
            [
                Wanted::Send(json!({ "type": "request", "id": first, "operation": "active_calls" })),
                Wanted::Send(json!({ "type": "request", "id": second, "operation": "hold", "call": "a" })),
            ]
        );
        rig.hear(&json!({ "type": "reply", "id": second, "error": { "kind": "wrong_state", "call": "a" } }));
        rig.hear(&json!({ "type": "reply", "id": first, "result": { "calls": [] } }));
        rig.hear(&json!({ "type": "reply", "id": first, "result": { "calls": [] } }));
        assert_eq!(
            rig.take(),
            [Wanted::Reply(second, Err(ErrorKind::WrongState)), Wanted::Reply(first, Ok(json!({ "calls": [] }))),]
        );
    }

    #[test]
    fn that_nobody_answers_expire() {
        let mut rig = Rig::online();
        let acts = rig.order("hold", Operation::Hold, of("a"));
        let dials = rig.order("dial", Operation::Dial, dial());
        let reads = rig.order("caller_ids", Operation::CallerIds, no_fields());
        rig.take();
        for _ in 0..31 {
            rig.pass(seconds(1));
            rig.hear(&json!({ "type": "pong" }));
        }
        let wanted = rig.take();
        assert!(wanted.contains(&Wanted::Reply(acts, Err(ErrorKind::OutcomeUnknown))), "{wanted:?}");
        assert!(wanted.contains(&Wanted::Reply(dials, Err(ErrorKind::OutcomeUnknown))), "{wanted:?}");
        assert!(wanted.contains(&Wanted::Reply(reads, Err(ErrorKind::Unreachable))), "{wanted:?}");
    }

    #[test]
    fn what_the_gateway_does_not_claim_is_not_sent() {
        let mut rig = Rig::new();
        rig.client.sign_in(rig.now, password(), None);
        let post = rig.expect_post("/api/session");
        rig.respond(post, 200, &tokens(1));
        let mut without_hold = welcome("s", 0, false);
        without_hold["capabilities"] = json!(["mute", "a_newer_one"]);
        rig.open(&without_hold);
        rig.take();
        let id = rig.order("hold", Operation::Hold, of("a"));
        assert_eq!(rig.take(), [Wanted::Reply(id, Err(ErrorKind::Unsupported))]);
        let id = rig.order("mute", Operation::Mute, of("a"));
        assert!(matches!(rig.take().as_slice(), [Wanted::Send(message)] if message["id"] == id));
    }

    #[test]
    fn in_flight_when_the_socket_is_lost() {
        let mut rig = Rig::online();
        let acts = rig.order("hold", Operation::Hold, of("a"));
        let dials = rig.order("dial", Operation::Dial, dial());
        let reads = rig.order("active_calls", Operation::ActiveCalls, no_fields());
        let sent = rig.take();
        rig.close();
        assert_eq!(rig.take(), [lost(), Wanted::Reply(acts, Err(ErrorKind::OutcomeUnknown)), Wanted::Disconnect]);
        // While it is lost, an order fails at once.
        let offline = rig.order("hold", Operation::Hold, of("a"));
        assert_eq!(rig.take(), [Wanted::Reply(offline, Err(ErrorKind::Unreachable))]);
        rig.until_connect();
        rig.open(&welcome("s", 10, true));
        let wanted = rig.take();
        assert_eq!(wanted.get(wanted.len() - 2..), sent.get(1..), "the same messages, by the same ids");
        rig.hear(&json!({ "type": "reply", "id": dials, "result": { "call": "c" } }));
        rig.hear(&json!({ "type": "reply", "id": reads, "result": { "calls": [] } }));
        assert_eq!(
            rig.take(),
            [Wanted::Reply(dials, Ok(json!({ "call": "c" }))), Wanted::Reply(reads, Ok(json!({ "calls": [] }))),]
        );
    }
}

mod the_link {
    use super::*;

    #[test]
    fn is_restored_after_what_was_missed() {
        let mut rig = Rig::online();
        rig.hear(&event(11, "a", 1));
        rig.close();
        rig.until_connect();
        let hello = rig.open(&welcome("s", 11, true));
        assert_eq!(hello["resume"], json!({ "stream": "s", "after": 11 }));
        rig.take();
        rig.hear(&event(12, "a", 2));
        rig.hear(&json!({ "type": "pong" }));
        let wanted = rig.take();
        assert!(
            matches!(wanted.as_slice(), [Wanted::Event(Event::Call(_)), restored_then] if *restored_then == restored()),
            "{wanted:?}"
        );
    }

    #[test]
    fn says_that_events_may_be_missing() {
        for welcome in [welcome("s", 40, false), welcome("t", 3, false), welcome("t", 3, true)] {
            let mut rig = Rig::online();
            rig.close();
            rig.until_connect();
            rig.take();
            rig.open(&welcome);
            assert_eq!(rig.take().get(1..), Some(&[lagged(1), restored()][..]));
        }
    }

    #[test]
    fn is_tried_every_20_s_and_dead_after_10_more() {
        let mut rig = Rig::online();
        rig.pass(seconds(19));
        assert_eq!(rig.take(), []);
        rig.pass(seconds(1));
        assert_eq!(rig.take(), [Wanted::Send(json!({ "type": "ping" }))]);
        rig.pass(seconds(9));
        rig.hear(&json!({ "type": "pong" }));
        rig.pass(seconds(11));
        assert_eq!(rig.take(), [Wanted::Send(json!({ "type": "ping" }))]);
        rig.pass(seconds(9));
        assert_eq!(rig.take(), []);
        rig.pass(seconds(1));
        assert_eq!(rig.take(), [lost(), Wanted::Disconnect]);
    }

    #[test]
    fn a_gateway_that_never_welcomes_is_given_up() {
        let mut rig = Rig::online();
        rig.close();
        rig.until_connect();
        rig.take();
        rig.client.handle_opened(rig.now);
        rig.pass(seconds(10));
        assert!(rig.take().contains(&Wanted::Disconnect));
        // Perhaps the token was the reason.
        rig.pass(seconds(30));
        rig.expect_post("/api/session/refresh");
    }

    #[test]
    fn waits_longer_each_time_and_never_over_30_s() {
        for seed in 0..50 {
            let mut rig = Rig::seeded(seed);
            rig.sign_in();
            rig.pass(seconds(15));
            rig.close();
            let mut whole = 1_000;
            for _ in 0..12 {
                let waited = rig.until_connect().as_millis();
                assert!((whole / 2..=whole).contains(&waited), "{waited} of {whole}");
                whole = 30_000.min(2 * whole);
                rig.take();
                rig.close();
            }
        }
    }

    #[test]
    fn a_gateway_that_welcomes_and_closes_is_not_stormed() {
        let mut rig = Rig::online();
        let mut connects = 0;
        let end = rig.now + seconds(600);
        rig.close();
        while rig.now < end {
            rig.until_connect();
            rig.take();
            connects += 1;
            rig.open(&welcome("s", 10, true));
            rig.close();
        }
        assert!((20..50).contains(&connects), "{connects} in ten minutes");
        // Once a link has held, the next loss is not paid for those before.
        rig.until_connect();
        rig.open(&welcome("s", 10, true));
        rig.hear(&json!({ "type": "pong" }));
        rig.pass(seconds(15));
        rig.take();
        rig.close();
        assert!(rig.until_connect() <= seconds(1));
    }

    #[test]
    fn a_network_that_is_back_is_used_soon() {
        let mut rig = Rig::online();
        rig.close();
        for _ in 0..10 {
            rig.until_connect();
            rig.take();
            rig.close();
        }
        rig.take();
        for _ in 0..100 {
            rig.client.handle_network(rig.now, true);
        }
        let waited = rig.until_connect();
        assert!((seconds(0)..=seconds(1)).contains(&waited), "{waited:?}");
    }

    #[test]
    fn a_network_that_goes_is_not_believed_and_looked_at() {
        let mut rig = Rig::online();
        rig.client.handle_network(rig.now, false);
        assert_eq!(rig.take(), [Wanted::Send(json!({ "type": "ping" }))]);
        rig.pass(seconds(10));
        assert_eq!(rig.take(), [lost(), Wanted::Disconnect]);
    }

    #[test]
    fn a_clock_that_jumps_breaks_nothing() {
        let mut rig = Rig::online();
        // Ten minutes back: the ping still comes in 20 s.
        rig.now = cordboard::Timestamp::from_millis(rig.now.as_millis() - 600_000);
        rig.client.handle_timeout(rig.now);
        rig.pass(seconds(20));
        assert_eq!(rig.take(), [Wanted::Send(json!({ "type": "ping" }))]);
        rig.hear(&json!({ "type": "pong" }));
        // An hour forward, as after a lid was closed: it is looked whether the link holds before it is given up.
        rig.now = rig.now + seconds(3_600);
        rig.client.handle_timeout(rig.now);
        let wanted = rig.take();
        assert!(wanted.contains(&Wanted::Send(json!({ "type": "ping" }))), "{wanted:?}");
        assert!(!wanted.contains(&lost()));
        rig.hear(&json!({ "type": "pong" }));
        rig.pass(seconds(15));
        assert!(!rig.take().contains(&lost()));
    }
}

mod tokens_run_out {
    use super::*;

    #[test]
    fn and_are_replaced_before() {
        let mut rig = Rig::online();
        for number in 2..6 {
            let start = rig.now;
            let post = loop {
                rig.pass(seconds(1));
                rig.hear(&json!({ "type": "pong" }));
                if let [(post, path, body)] = rig.posts().as_slice() {
                    assert_eq!(*path, "/api/session/refresh");
                    assert_eq!(*body, json!({ "refresh_token": format!("refresh-{}", number - 1) }));
                    break *post;
                }
            };
            let lived = rig.now.since(start).as_secs();
            assert!((630..=766).contains(&lived), "{lived} of 900 s");
            rig.respond(post, 200, &tokens(number));
            assert_eq!(rig.take(), [Wanted::Remember(Some(format!("refresh-{number}")))]);
        }
    }

    #[test]
    fn one_request_however_often_it_is_due() {
        let mut rig = Rig::online();
        rig.now = rig.now + seconds(900);
        for _ in 0..100 {
            rig.client.handle_timeout(rig.now);
            rig.client.handle_network(rig.now, true);
            rig.hear(&json!({ "type": "pong" }));
        }
        let post = rig.expect_post("/api/session/refresh");
        // The link is lost on top of it: the answer is waited for.
        rig.close();
        for _ in 0..10 {
            rig.client.handle_network(rig.now, true);
            rig.pass(seconds(1));
        }
        assert_eq!(rig.posts(), []);
        rig.respond(post, 200, &tokens(2));
        assert!(rig.take().contains(&Wanted::Connect));
    }

    #[test]
    fn the_session_is_over_when_they_are_refused() {
        let mut rig = Rig::online();
        rig.close();
        rig.now = rig.now + seconds(3_600);
        rig.client.handle_timeout(rig.now);
        let post = rig.expect_post("/api/session/refresh");
        rig.respond(post, 401, &json!({}));
        assert_eq!(rig.take(), [signed_out(SignedOutReason::Expired), Wanted::Remember(None), Wanted::Disconnect]);
        assert_eq!(rig.client.poll_timeout(), None);
    }

    #[test]
    fn a_gateway_in_trouble_is_asked_again() {
        let mut rig = Rig::online();
        rig.close();
        rig.now = rig.now + seconds(3_600);
        rig.client.handle_timeout(rig.now);
        for status in [500, 503, 429, 404] {
            let post = rig.expect_post("/api/session/refresh");
            rig.respond(post, status, &json!({}));
            rig.pass(seconds(30));
        }
        let post = rig.expect_post("/api/session/refresh");
        rig.respond(post, 200, &tokens(2));
        assert!(rig.take().contains(&Wanted::Connect));
    }

    #[test]
    fn an_answer_that_may_be_lost_is_asked_for_soon() {
        let mut rig = Rig::online();
        rig.close();
        for _ in 0..8 {
            rig.until_connect();
            rig.take();
            rig.close();
        }
        // However long the link has been failing, the gateway forgives for 10 s.
        rig.now = rig.now + seconds(3_600);
        rig.client.handle_timeout(rig.now);
        let post = rig.expect_post("/api/session/refresh");
        rig.client.handle_response(rig.now, post, None);
        rig.pass(seconds(1));
        let post = rig.expect_post("/api/session/refresh");
        // From then on as patiently as ever.
        rig.client.handle_response(rig.now, post, None);
        rig.pass(seconds(10));
        assert_eq!(rig.posts(), []);
    }

    #[test]
    fn a_token_that_the_gateway_finds_too_old_is_replaced() {
        let mut rig = Rig::online();
        rig.close();
        rig.until_connect();
        rig.take();
        rig.client.handle_opened(rig.now);
        rig.hear(&json!({ "type": "signed_out", "reason": "expired" }));
        rig.close();
        rig.pass(seconds(2));
        let post = rig.expect_post("/api/session/refresh");
        rig.respond(post, 200, &tokens(2));
        let hello = rig.open(&welcome("s", 10, true));
        assert_eq!(hello["token"], "access-2");
    }
}

mod clocks {
    use super::*;
    use cordboard::telephony::CallEventKind;
    use cordboard::{Timestamp, Value};

    /// A gateway whose clock is ten minutes behind the page's.
    fn behind(rig: &Rig) -> serde_json::Value {
        let mut welcome = welcome("s", 10, false);
        welcome["now"] = (rig.now.as_millis() - 600_000).into();
        welcome
    }

    #[test]
    fn that_differ_make_no_call_older() {
        let mut rig = Rig::online();
        rig.close();
        rig.until_connect();
        rig.open(&behind(&rig));
        rig.take();
        let theirs = rig.now.as_millis() - 600_000;
        let mut message = event(11, "s1", 1);
        message["event"]["at"] = theirs.into();
        message["event"]["started"]["startedAt"] = (theirs - 5_000).into();
        rig.hear(&message);
        let events = rig.events();
        let [Event::Call(event)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(event.at, rig.now);
        let CallEventKind::Started(call) = &event.kind else { panic!("{event:?}") };
        assert_eq!(call.started_at, Timestamp::from_millis(rig.now.as_millis() - 5_000));

        let id = rig.order("active_calls", Operation::ActiveCalls, no_fields());
        rig.take();
        let call = json!({ "startedAt": theirs, "connectedAt": theirs, "endedAt": null });
        rig.hear(&json!({ "type": "reply", "id": id, "result": { "calls": [call] } }));
        let replies = rig.take();
        let [Wanted::Reply(_, Ok(result))] = replies.as_slice() else { panic!("{replies:?}") };
        let now = Value::from(rig.now).as_number();
        assert_eq!(result["calls"][0]["connectedAt"].as_f64(), now);
        assert_eq!(result["calls"][0]["endedAt"], serde_json::Value::Null);
    }
}

mod messages {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value as Json;

    fn any_json() -> impl Strategy<Value = Json> {
        let text = prop_oneof![
            "[a-z_]{0,12}".prop_map(Json::from),
            prop::sample::select(vec![
                "welcome",
                "event",
                "reply",
                "signed_out",
                "pong",
                "call",
                "connection",
                "started",
                "ended",
                "ringing",
                "a",
                "expired",
                "lost",
                "digits_received",
                "hung-up",
            ])
            .prop_map(Json::from),
        ];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            (0_u64..20).prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            text,
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            let name = prop::sample::select(vec![
                "type",
                "sequence",
                "event",
                "id",
                "result",
                "error",
                "kind",
                "call",
                "started",
                "reason",
                "at",
                "agent",
                "stream",
                "resumed",
                "capabilities",
                "digits",
                "state",
                "missed",
                "retry_after",
                "direction",
                "now",
                "startedAt",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::vec((name, inner), 0..8)
                    .prop_map(|fields| Json::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
            ]
        })
    }

    proptest! {
        /// A gateway that has gone mad breaks nothing, and one that has come to its senses is understood again.
        #[test]
        fn that_make_no_sense_break_nothing(messages in prop::collection::vec(any_json(), 0..30), response in any_json()) {
            let mut rig = Rig::online();
            let id = rig.order("active_calls", Operation::ActiveCalls, no_fields());
            for message in &messages {
                rig.hear(message);
            }
            rig.client.handle_response(rig.now, id + 1, Some((200, value(&response))));
            rig.close();
            rig.pass(seconds(120));
            rig.take();
            let id = rig.client.sign_in(rig.now, password(), None);
            let posts = rig.posts();
            let (post, ..) = posts.iter().find(|(_, path, _)| *path == "/api/session").unwrap();
            rig.respond(*post, 200, &tokens(1));
            rig.open(&welcome("s", 10, false));
            prop_assert!(rig.take().iter().any(|wanted| matches!(wanted, Wanted::Reply(reply, Ok(_)) if *reply == id)));
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_is_owned_up_to() {
        let mut rig = Rig::online();
        let mut strange = event(11, "a", 1);
        strange["event"]["kind"] = "teleported".into();
        rig.hear(&strange);
        assert_eq!(rig.take(), [lagged(1)]);
    }

    #[test]
    fn a_gap_is_told_where_it_is() {
        let mut rig = Rig::online();
        rig.hear(&event(11, "a", 1));
        rig.hear(&event(14, "a", 4));
        rig.hear(&event(14, "a", 4));
        rig.hear(&event(15, "a", 4));
        let wanted = rig.take();
        let [Wanted::Event(Event::Call(first)), gap, Wanted::Event(Event::Call(last))] = wanted.as_slice() else {
            panic!("{wanted:?}");
        };
        assert_eq!((first.sequence, gap, last.sequence), (1, &lagged(2), 4));
    }

    #[test]
    fn about_the_line_have_no_number() {
        let mut rig = Rig::online();
        rig.hear(&json!({ "type": "event", "event": { "type": "connection", "state": "lost" } }));
        rig.hear(&json!({ "type": "event", "event": { "type": "connection", "state": "restored" } }));
        assert_eq!(rig.take(), [lost(), restored()]);
    }

    #[test]
    fn that_were_taken_in_are_acknowledged() {
        let mut rig = Rig::online();
        rig.hear(&event(11, "a", 1));
        rig.take();
        rig.pass(seconds(20));
        assert_eq!(
            rig.take(),
            [Wanted::Send(json!({ "type": "ping" })), Wanted::Send(json!({ "type": "ack", "sequence": 11 }))]
        );
        rig.hear(&json!({ "type": "pong" }));
        for n in 2..=33 {
            rig.hear(&event(10 + n, "a", n));
        }
        let acks = rig.take().into_iter().filter(|wanted| matches!(wanted, Wanted::Send(_))).collect::<Vec<_>>();
        assert_eq!(acks, [Wanted::Send(json!({ "type": "ack", "sequence": 43 }))]);
    }
}

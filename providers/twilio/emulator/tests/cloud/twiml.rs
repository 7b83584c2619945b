//! What TwiML lets calls do.

use crate::world::World;
use cordboard_twilio_emulator::{ClientScript, Hands as _, Hears, numbers};

#[test]
fn a_call_comes_in_and_is_asked_about() {
    let mut world = World::answering("<Response><Say>Hello</Say><Hangup/></Response>");
    let call = world.incoming();
    assert_eq!(world.status(&call), "ringing");
    assert_eq!(world.cloud.hears(&call), Hears::RingTone);
    world.run(100);
    assert_eq!((world.status(&call), world.cloud.hears(&call)), ("in-progress", Hears::Speech));
    let asked = &world.webhooks[0];
    assert_eq!((asked.get("CallSid"), asked.get("CallStatus"), asked.get("Direction")), (&*call, "ringing", "inbound"));
    world.run(5_000);
    assert_eq!(world.status(&call), "completed");
}

#[test]
fn a_call_is_rejected() {
    for (document, status) in [
        ("<Response><Reject reason=\"busy\"/></Response>", "busy"),
        ("<Response><Reject/></Response>", "no-answer"),
        ("<Response><Pause length=\"2\"/><Reject/></Response>", "no-answer"),
    ] {
        let mut world = World::answering(document);
        let call = world.incoming();
        world.run(3_000);
        assert_eq!(world.status(&call), status, "{document}");
    }
}

#[test]
fn agents_ring_at_once_and_the_first_is_bridged() {
    let mut world = World::answering(
        "<Response><Dial action=\"/after\" answerOnBridge=\"true\"><Client>alex</Client><Number>+16175550103</Number>\
         </Dial></Response>",
    );
    let call = world.incoming();
    world.run(500);
    let legs = world.cloud.legs();
    let (client, phone) = (legs[1].clone(), legs[2].clone());
    assert_eq!((client.parent.as_deref(), client.direction), (Some(&*call), "outbound-dial"));
    assert_eq!((client.status, phone.status), ("in-progress", "canceled"));
    assert_eq!(world.cloud.hears(&client.sid), Hears::Legs([call.clone()].into()));
    world.cloud.far_end_hangs_up(world.now, &client.sid).unwrap();
    world.run(500);
    let after = world.webhooks.last().unwrap();
    assert_eq!(
        (&*after.path, after.get("DialCallStatus"), after.get("DialCallSid")),
        ("/after", "completed", &*client.sid)
    );
    assert_eq!(world.status(&call), "completed");
}

#[test]
fn dial_tells_why_nobody_came() {
    for (script, number, status) in [
        (ClientScript::Ignores, "<Client>alex</Client>", "no-answer"),
        (ClientScript::Ignores, "<Number>+16175550110</Number>", "busy"),
        (ClientScript::Ignores, "<Number>+16175550113</Number>", "failed"),
    ] {
        let document = format!("<Response><Dial timeout=\"5\" action=\"/after\">{number}</Dial></Response>");
        let mut world = World::answering(document.leak());
        world.cloud.script_clients(script);
        world.incoming();
        world.run(7_000);
        assert_eq!(world.told("/after", "DialCallStatus"), [status], "{number}");
    }
}

#[test]
fn a_caller_waits_in_a_conference() {
    let mut world = World::answering(
        "<Response><Dial action=\"/after\"><Conference participantLabel=\"customer\" endConferenceOnExit=\"true\" \
         statusCallback=\"/conference\" statusCallbackEvent=\"join leave end\">room</Conference></Dial></Response>",
    );
    let call = world.incoming();
    world.run(100);
    let leg = world.cloud.leg(&call).unwrap();
    assert_eq!((leg.conference.as_deref(), leg.label.as_deref()), (Some("room"), Some("customer")));
    assert_eq!(leg.hears, Hears::Music);
    let agent = world.add("room", "client:alex", &[]);
    world.run(1_000);
    assert_eq!(world.cloud.hears(&call), Hears::Legs([agent.clone()].into()));
    let conference = world.conference("room");
    world.delete(&format!("/Conferences/{conference}/Participants/{call}.json"));
    world.run(100);
    assert_eq!(world.told("/after", "DialCallStatus"), ["answered"]);
    assert_eq!(world.status(&agent), "completed");
    assert_eq!(world.told("/conference", "StatusCallbackEvent").last(), Some(&"conference-end"));
}

#[test]
fn keys_are_gathered() {
    let mut world = World::answering(
        "<Response><Gather numDigits=\"2\" action=\"/keys\"><Say>Press</Say></Gather><Redirect>/none</Redirect></Response>",
    );
    let call = world.incoming();
    world.run(100);
    world.cloud.far_end_presses(world.now, &call, "4").unwrap();
    world.cloud.far_end_presses(world.now, &call, "2").unwrap();
    world.run(100);
    assert_eq!(world.told("/keys", "Digits"), ["42"]);
    world.incoming();
    world.run(20_000);
    assert_eq!(world.told("/none", "CallStatus"), ["in-progress"], "nobody pressed a key");
}

#[test]
fn a_message_is_recorded() {
    let mut world = World::answering("<Response><Record action=\"/message\" maxLength=\"3\"/></Response>");
    world.incoming();
    world.run(5_000);
    assert_eq!(world.told("/message", "RecordingDuration"), ["3"]);
}

#[test]
fn digits_are_played() {
    let mut world = World::new();
    let call = world.call(numbers::ANSWERS, "<Response><Play digits=\"1w2\"/></Response>");
    world.run(5_000);
    assert_eq!(world.cloud.leg(&call).unwrap().digits_heard, "12");
}

#[test]
fn what_is_wrong_is_a_warning_and_the_fallback_is_asked() {
    let mut world = World::answering("<Response><Sya>Hello</Sya><Pause lenght=\"1\"/></Response>");
    let call = world.incoming();
    world.run(3_000);
    assert_eq!(world.cloud.warnings(), ["12200: Sya is not known", "12200: Pause has no attribute lenght"]);
    assert_eq!(world.status(&call), "completed");
    for document in ["<Response>", "missing", "<Other/>"] {
        let mut world = World::answering(document);
        let call = world.incoming();
        world.run(1_000);
        assert_eq!(world.status(&call), "failed", "{document}");
        assert_eq!(world.cloud.warnings().len(), 1, "{document}");
        let fields = [
            ("To", numbers::ANSWERS),
            ("From", numbers::SALES),
            ("Url", "https://calls.example.com/voice"),
            ("FallbackUrl", "https://calls.example.com/fallback"),
        ];
        world.post("/Calls.json", &fields);
        world.run(1_000);
        assert_eq!(world.told("/fallback", "CallStatus"), ["in-progress"], "{document}");
        assert_ne!(world.told("/fallback", "ErrorCode"), [""]);
    }
}

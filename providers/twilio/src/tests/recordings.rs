//! What Twilio may answer when it is asked for the sound of a recording.

use crate::backend::TwilioCarrier;
use crate::config::{ApiKey, TwilioConfig};
use cordboard::async_trait;
use cordboard::platform::Lock;
use cordboard::telephony::{RecordingError, RecordingSound, SoundPart};
use cordboard_bridge::{Carrier as _, Chunks, Transport, TransportError};
use cordboard_mock::VirtualClock;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response};
use std::sync::Arc;

type Answer = Result<Response<Vec<u8>>, TransportError>;

/// Answers in order, and remembers what it was asked.
struct Canned {
    answers: Lock<Vec<Answer>>,
    asked: Lock<Vec<String>>,
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request<Vec<u8>>) -> Answer {
        let range = request.headers().get("range").map_or("", |range| range.to_str().unwrap());
        self.asked.lock().push(format!("{} {range}", request.uri()).trim_end().to_owned());
        self.answers.lock().remove(0)
    }

    async fn open(&self, request: Request<Vec<u8>>) -> Result<Response<Chunks>, TransportError> {
        let (head, body) = self.send(request).await?.into_parts();
        let pieces: Vec<_> = body.chunks(3).map(|piece| Ok(piece.to_vec())).collect();
        Ok(Response::from_parts(head, Box::pin(stream::iter(pieces)) as Chunks))
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.as_bytes().to_vec()).unwrap())
}

fn ask(answers: Vec<Answer>, part: Option<SoundPart>) -> (Result<RecordingSound, RecordingError>, Vec<String>) {
    let key = ApiKey { sid: "SKbbbb".to_owned(), secret: "not-a-secret".into() };
    let config = TwilioConfig::new("ACaaaa", "token".into(), key, "https://calls.example.com");
    let canned = Arc::new(Canned { answers: Lock::new(answers), asked: Lock::default() });
    let carrier = TwilioCarrier::new(config, Arc::clone(&canned) as _, Arc::new(VirtualClock::default())).unwrap();
    let sound = carrier.recording("RE1", part).now_or_never().expect("nothing is waited for");
    assert!(canned.answers.lock().is_empty(), "everything was asked");
    let asked = canned.asked.lock().clone();
    (sound, asked)
}

fn bytes(sound: RecordingSound) -> Vec<u8> {
    let chunks: Vec<_> = sound.chunks.collect().now_or_never().unwrap();
    chunks.into_iter().flat_map(Result::unwrap).collect()
}

const MEDIA: &str = "https://api.twilio.com/2010-04-01/Accounts/ACaaaa/Recordings/RE1.mp3";
const STATE: &str = "https://api.twilio.com/2010-04-01/Accounts/ACaaaa/Recordings/RE1.json";

#[test]
fn the_whole() {
    let (sound, asked) = ask(vec![answer(200, &[("content-length", "10")], "0123456789")], None);
    let sound = sound.unwrap();
    assert_eq!((sound.content_type, sound.length, sound.part), ("audio/mpeg", Some(10), None));
    assert_eq!(bytes(sound), b"0123456789");
    assert_eq!(asked, [MEDIA]);
}

#[test]
fn a_part() {
    let part = Some(SoundPart::Between { first: 2, last: 99 });
    let (sound, asked) = ask(vec![answer(206, &[("content-range", "bytes 2-9/10")], "23456789")], part);
    let sound = sound.unwrap();
    assert_eq!((sound.length, sound.part), (Some(10), Some((2, 9))));
    assert_eq!(bytes(sound), b"23456789");
    assert_eq!(asked, [format!("{MEDIA} bytes=2-99")]);
    let (sound, _) = ask(vec![answer(200, &[], "0123456789")], part);
    assert_eq!(sound.unwrap().part, None, "the whole, from who can't give parts");
    let (sound, _) = ask(vec![answer(206, &[("content-range", "bytes 2-9/*")], "23456789")], part);
    assert_eq!(sound.unwrap().length, None);
    let (sound, _) = ask(vec![answer(206, &[], "23456789")], part);
    assert_eq!(sound.err(), Some(RecordingError::Unavailable), "nobody knows which part it is");
    let (sound, _) = ask(vec![answer(416, &[("content-range", "bytes */10")], "")], part);
    assert_eq!(sound.err(), Some(RecordingError::NoSuchPart { length: Some(10) }));
}

#[test]
fn what_has_no_sound_is_asked_about() {
    let missing = || answer(404, &[], "");
    let state = |status: &str| answer(200, &[], &format!(r#"{{"sid": "RE1", "status": "{status}"}}"#));
    for (answers, expected) in [
        (vec![missing(), state("in-progress")], RecordingError::NotReady),
        (vec![missing(), state("processing")], RecordingError::NotReady),
        // It has become ready in between.
        (vec![missing(), state("completed")], RecordingError::NotReady),
        (vec![missing(), state("absent")], RecordingError::Gone),
        (vec![missing(), missing()], RecordingError::Gone),
        (vec![missing(), answer(401, &[], "")], RecordingError::Unavailable),
    ] {
        let (sound, asked) = ask(answers, None);
        assert_eq!(sound.err(), Some(expected));
        assert_eq!(asked, [MEDIA, STATE]);
    }
}

#[test]
fn nobody_is_sent_elsewhere() {
    for refusal in [
        answer(302, &[("location", "https://elsewhere.example/RE1.mp3")], ""),
        answer(401, &[], ""),
        answer(429, &[], ""),
        answer(503, &[], ""),
        Err(TransportError::NoAnswer),
    ] {
        let (sound, asked) = ask(vec![refusal], None);
        assert_eq!(sound.err(), Some(RecordingError::Unavailable));
        assert_eq!(asked, [MEDIA]);
    }
}

//! `MockTelephony` shows what an app called. Whoever wants a telephone network instead takes `cordboard-mock`.

use cordboard::telephony::{
    CallId, DialKey, DialRequest, Error, ErrorKind, MockTelephony, Operation, PhoneNumber, Telephony,
};
use futures_util::FutureExt as _;

/// What is tested here: an app that asks before it sends an order again.
async fn dial_once(line: &dyn Telephony, request: DialRequest) -> Result<CallId, Error> {
    match line.dial(request.clone()).await {
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            let dialled = line.active_calls().await?.into_iter().find(|call| call.key.as_ref() == Some(&request.key));
            match dialled {
                Some(call) => Ok(call.id),
                None => line.dial(request).await,
            }
        }
        result => result,
    }
}

#[test]
fn asks_before_it_dials_again() {
    let request =
        DialRequest { key: DialKey::new("wish-1"), to: PhoneNumber::from_e164("+16175550142").unwrap(), from: None };
    let mut line = MockTelephony::new();
    let mut order = mockall::Sequence::new();
    let key = request.key.clone();
    line.expect_dial()
        .once()
        .in_sequence(&mut order)
        .returning(|_| Err(Error::new(ErrorKind::OutcomeUnknown, Operation::Dial)));
    line.expect_active_calls().once().in_sequence(&mut order).returning(|| Ok(vec![]));
    line.expect_dial()
        .withf(move |request| request.key == key)
        .once()
        .in_sequence(&mut order)
        .returning(|_| Ok(CallId::new("call-1")));

    let call = dial_once(&line, request).now_or_never().expect("nothing waits").unwrap();
    assert_eq!(call, CallId::new("call-1"));
}

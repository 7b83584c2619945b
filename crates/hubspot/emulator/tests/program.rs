//! The emulator as a process says where it is, and answers there.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Ends with the test, however that ends.
struct Emulator(Child);

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_where_it_is_and_what_it_has() {
    let program = Command::new(env!("CARGO_BIN_EXE_cordboard-hubspot-emulator")).stdout(Stdio::piped()).spawn();
    let mut emulator = Emulator(program.expect("the program"));
    let mut line = String::new();
    let out = emulator.0.stdout.take().expect("it is piped");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let said: Value = serde_json::from_str(&line).expect("JSON");
    let address = said["api"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.write_all(b"GET /control/state HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it listens");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"calls":{},"settings":{}}"#), "{answer}");
}

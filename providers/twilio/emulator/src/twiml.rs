//! TwiML, as far as calls need it. What is not known here is a warning, as on Twilio (12200), and is skipped.

use core::time::Duration;
use roxmltree::{Document, Node};
use std::collections::BTreeMap;

/// Twilio takes 64 kB (11750).
const MAX_BYTES: usize = 64 * 1024;

/// What a document says, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Twiml {
    pub(crate) verbs: Vec<Verb>,
    pub(crate) warnings: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// `Say`, or `Play` without `digits`: how long it is heard.
    Speak(Duration),
    PlayDigits(String),
    Pause(Duration),
    Dial(Dial),
    Gather(Gather),
    Record(Record),
    StartRecording(Attributes),
    Redirect {
        url: String,
        method: Option<String>,
    },
    Hangup,
    Reject {
        busy: bool,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes(BTreeMap<String, String>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dial {
    pub(crate) attributes: Attributes,
    pub(crate) to: DialTo,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DialTo {
    Conference {
        name: String,
        attributes: Attributes,
    },
    /// All ring at once.
    Legs(Vec<DialLeg>),
}

/// A `Number`, `Client` or `Sip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DialLeg {
    /// E.164, `client:…` or `sip:…`.
    pub(crate) to: String,
    pub(crate) attributes: Attributes,
    pub(crate) parameters: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gather {
    pub(crate) attributes: Attributes,
    /// How long its own prompts are heard.
    pub(crate) prompts: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) attributes: Attributes,
}

impl Attributes {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn seconds(&self, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.get(name).and_then(|value| value.parse().ok()).unwrap_or(default))
    }

    pub(crate) fn words(&self, name: &str) -> Vec<String> {
        self.get(name).unwrap_or("").split_whitespace().map(str::to_owned).collect()
    }
}

/// The documented attributes of each element; Twilio's Python library 9.13.0 builds the same.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("Response", &[]),
    ("Say", &["voice", "loop", "language"]),
    ("Play", &["loop", "digits"]),
    ("Pause", &["length"]),
    (
        "Dial",
        &[
            "action",
            "method",
            "timeout",
            "hangupOnStar",
            "timeLimit",
            "callerId",
            "record",
            "trim",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "answerOnBridge",
            "ringTone",
            "recordingTrack",
            "sequential",
            "referUrl",
            "referMethod",
            "events",
        ],
    ),
    (
        "Number",
        &[
            "sendDigits",
            "url",
            "method",
            "statusCallbackEvent",
            "statusCallback",
            "statusCallbackMethod",
            "byoc",
            "machineDetection",
            "amdStatusCallback",
            "amdStatusCallbackMethod",
            "machineDetectionTimeout",
            "machineDetectionSpeechThreshold",
            "machineDetectionSpeechEndThreshold",
            "machineDetectionSilenceTimeout",
        ],
    ),
    ("Client", &["url", "method", "statusCallbackEvent", "statusCallback", "statusCallbackMethod"]),
    (
        "Sip",
        &["username", "password", "url", "method", "statusCallbackEvent", "statusCallback", "statusCallbackMethod"],
    ),
    (
        "Conference",
        &[
            "muted",
            "beep",
            "startConferenceOnEnter",
            "endConferenceOnExit",
            "waitUrl",
            "waitMethod",
            "maxParticipants",
            "record",
            "region",
            "coach",
            "trim",
            "statusCallbackEvent",
            "statusCallback",
            "statusCallbackMethod",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "eventCallbackUrl",
            "jitterBufferSize",
            "participantLabel",
        ],
    ),
    ("Identity", &[]),
    ("Parameter", &["name", "value"]),
    (
        "Gather",
        &[
            "input",
            "action",
            "method",
            "timeout",
            "speechTimeout",
            "maxSpeechTime",
            "profanityFilter",
            "finishOnKey",
            "numDigits",
            "partialResultCallback",
            "partialResultCallbackMethod",
            "language",
            "hints",
            "bargeIn",
            "debug",
            "actionOnEmptyResult",
            "speechModel",
            "enhanced",
        ],
    ),
    (
        "Record",
        &[
            "action",
            "method",
            "timeout",
            "finishOnKey",
            "maxLength",
            "playBeep",
            "trim",
            "recordingStatusCallback",
            "recordingStatusCallbackEvent",
            "recordingStatusCallbackMethod",
            "transcribe",
            "transcribeCallback",
        ],
    ),
    ("Start", &["action", "method"]),
    (
        "Recording",
        &[
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "trim",
            "track",
            "channels",
        ],
    ),
    ("Redirect", &["method"]),
    ("Hangup", &[]),
    ("Reject", &["reason"]),
];

/// Reads a document.
///
/// # Errors
/// With Twilio's code, if it can't be read as TwiML at all.
pub(crate) fn parse(text: &str) -> Result<Twiml, (u32, &'static str)> {
    if text.len() > MAX_BYTES {
        return Err((11750, "TwiML response body too large"));
    }
    let document = Document::parse(text).map_err(|_| (12100, "Document parse failure"))?;
    let root = document.root_element();
    if root.tag_name().name() != "Response" {
        return Err((12102, "No Response element"));
    }
    let mut twiml = Twiml::default();
    for node in elements(root) {
        if let Some(verb) = verb(node, &mut twiml.warnings) {
            twiml.verbs.push(verb);
        }
    }
    Ok(twiml)
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn verb(node: Node<'_, '_>, warnings: &mut Vec<String>) -> Option<Verb> {
    let attributes = attributes(node, warnings)?;
    let spoken = |text: &str| {
        // About as fast as a voice reads, and never nothing.
        let once = Duration::from_millis(60) * u32::try_from(text.chars().count().max(10)).unwrap_or(10);
        once * times(&attributes)
    };
    Some(match node.tag_name().name() {
        "Say" => Verb::Speak(spoken(&text(node))),
        "Play" => match attributes.get("digits") {
            Some(digits) => Verb::PlayDigits(digits.to_owned()),
            // The file is not fetched: it is taken to last five seconds.
            None => Verb::Speak(Duration::from_secs(5) * times(&attributes)),
        },
        "Pause" => Verb::Pause(attributes.seconds("length", 1)),
        "Dial" => Verb::Dial(dial(node, attributes, warnings)?),
        "Gather" => {
            let prompts = elements(node).filter_map(|node| verb(node, warnings)).map(|verb| match verb {
                Verb::Speak(duration) | Verb::Pause(duration) => duration,
                _ => Duration::ZERO,
            });
            Verb::Gather(Gather { prompts: prompts.sum(), attributes })
        }
        "Record" => Verb::Record(Record { attributes }),
        "Start" => {
            let recording = elements(node).find(|child| child.tag_name().name() == "Recording");
            match recording.and_then(|node| self::attributes(node, warnings)) {
                Some(attributes) => Verb::StartRecording(attributes),
                None => {
                    warnings.push("12200: only Recording can be started here".to_owned());
                    return None;
                }
            }
        }
        "Redirect" => Verb::Redirect { url: text(node), method: attributes.get("method").map(str::to_owned) },
        "Hangup" => Verb::Hangup,
        "Reject" => Verb::Reject { busy: attributes.get("reason") == Some("busy") },
        other => {
            warnings.push(format!("12200: {other} can't be a verb"));
            return None;
        }
    })
}

/// `loop="0"` is for ever; here, an hour's worth.
fn times(attributes: &Attributes) -> u32 {
    match attributes.get("loop").and_then(|times| times.parse().ok()) {
        None => 1,
        Some(0) => 720,
        Some(times) => times,
    }
}

fn dial(node: Node<'_, '_>, attributes: Attributes, warnings: &mut Vec<String>) -> Option<Dial> {
    let mut legs = Vec::new();
    for noun in elements(node) {
        let name = noun.tag_name().name();
        let Some(noun_attributes) = self::attributes(noun, warnings) else { continue };
        match name {
            "Conference" => {
                let to = DialTo::Conference { name: text(noun), attributes: noun_attributes };
                return Some(Dial { attributes, to });
            }
            "Number" => legs.push(DialLeg { to: text(noun), attributes: noun_attributes, parameters: Vec::new() }),
            "Sip" => legs.push(DialLeg { to: text(noun), attributes: noun_attributes, parameters: Vec::new() }),
            "Client" => {
                let parameters = elements(noun).filter(|child| child.tag_name().name() == "Parameter");
                let parameters = parameters
                    .map(|child| {
                        let value = |name| child.attribute(name).unwrap_or("").to_owned();
                        (value("name"), value("value"))
                    })
                    .collect();
                let identity =
                    elements(noun).find(|child| child.tag_name().name() == "Identity").map_or_else(|| text(noun), text);
                legs.push(DialLeg { to: format!("client:{identity}"), attributes: noun_attributes, parameters });
            }
            other => warnings.push(format!("12200: {other} can't be dialled")),
        }
    }
    let number = text(node);
    if legs.is_empty() && !number.is_empty() {
        legs.push(DialLeg { to: number, attributes: Attributes::default(), parameters: Vec::new() });
    }
    (!legs.is_empty()).then_some(Dial { attributes, to: DialTo::Legs(legs) })
}

/// `None` if the element is not known.
fn attributes(node: Node<'_, '_>, warnings: &mut Vec<String>) -> Option<Attributes> {
    let name = node.tag_name().name();
    let Some((_, known)) = ATTRIBUTES.iter().find(|(element, _)| *element == name) else {
        warnings.push(format!("12200: {name} is not known"));
        return None;
    };
    for attribute in node.attributes().filter(|attribute| !known.contains(&attribute.name())) {
        warnings.push(format!("12200: {name} has no attribute {}", attribute.name()));
    }
    let pairs = node.attributes().map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned()));
    Some(Attributes(pairs.collect()))
}

/// The element's own text, without the blanks around it.
fn text(node: Node<'_, '_>) -> String {
    node.children().filter(Node::is_text).filter_map(|child| child.text()).collect::<String>().trim().to_owned()
}

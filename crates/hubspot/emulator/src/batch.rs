//! Several calls at once.

use crate::answer::{NOTHING, Refusal, Reply};
use crate::calls::Shown;
use crate::cloud::{Cloud, date};
use serde_json::{Value, json};

impl Cloud {
    pub(crate) fn batch(&mut self, kind: &str, body: &Value) -> Reply {
        let Some(inputs) = body["inputs"].as_array().filter(|inputs| inputs.len() <= 100) else {
            return Err(Refusal::field("inputs", "INVALID_VALUE", "inputs must be up to 100"));
        };
        let before = self.calls.clone();
        let (mut results, mut refused) = (Vec::new(), Vec::new());
        for input in inputs {
            match self.one_of_batch(kind, input, body) {
                Ok(result) => results.push(result),
                Err(refusal) => refused.push((input, refusal)),
            }
        }
        // Without an id to tell them apart, what can't be created fails as a whole.
        let whole = kind == "create" && refused.iter().any(|(input, _)| input["objectWriteTraceId"].is_null());
        if let Some((_, refusal)) = refused.first().filter(|_| whole) {
            self.calls = before;
            return Err(refusal.clone());
        }
        if kind == "archive" {
            return NOTHING;
        }
        let time = date(self.now);
        let mut answer = json!({ "status": "COMPLETE", "results": results, "startedAt": time, "completedAt": time });
        if refused.is_empty() {
            return Ok((if kind == "create" { 201 } else { 200 }, answer));
        }
        answer["numErrors"] = refused.len().into();
        answer["errors"] = refused.iter().map(|(input, refusal)| standard_error(input, refusal)).collect();
        Ok((207, answer))
    }

    fn one_of_batch(&mut self, kind: &str, input: &Value, body: &Value) -> Result<Value, Refusal> {
        let key = input["id"].as_str().unwrap_or_default();
        let found = match input["idProperty"].as_str().or(body["idProperty"].as_str()) {
            None => self.find(key, false),
            Some(property @ "hs_call_external_id") => {
                let has = |call: &crate::calls::Call| {
                    !call.archived && call.properties.get(property).is_some_and(|value| value == key)
                };
                let id = self.calls.iter().find(|(_, call)| has(call)).map(|(id, _)| *id);
                id.ok_or_else(Refusal::not_found)
            }
            Some(property) => Err(Refusal::field("idProperty", "INVALID_VALUE", &format!("{property} is not unique"))),
        };
        match kind {
            "create" => self.create(input).map(|id| self.shown_call(id, &Shown::Everything)),
            "read" => found.map(|id| self.shown_call(id, &Shown::named(&body["properties"]))),
            "archive" => found.map(|id| {
                self.archive(id);
                Value::Null
            }),
            "update" => {
                let id = found?;
                self.update(id, input)?;
                Ok(self.shown_call(id, &Shown::Everything))
            }
            "upsert" => {
                let (id, new) = match found {
                    Ok(id) => {
                        self.update(id, input)?;
                        (id, false)
                    }
                    Err(refusal) if refusal.status == 404 => {
                        let mut call = json!({ "properties": input["properties"], "associations": [] });
                        if let Some(property) = input["idProperty"].as_str() {
                            call["properties"][property] = key.into();
                        }
                        (self.create(&call)?, true)
                    }
                    Err(refusal) => return Err(refusal),
                };
                let mut shown = self.shown_call(id, &Shown::Everything);
                shown["new"] = new.into();
                Ok(shown)
            }
            _ => Err(Refusal::not_found()),
        }
    }
}

/// A refusal within a batch, whose shape is another one.
fn standard_error(input: &Value, refusal: &Refusal) -> Value {
    json!({
        "status": "error",
        "category": refusal.body["category"],
        "message": refusal.body["message"],
        "errors": refusal.body["errors"].as_array().cloned().unwrap_or_default(),
        "context": { "ids": [input["id"].as_str().or(input["objectWriteTraceId"].as_str()).unwrap_or_default()] },
        "links": {},
    })
}

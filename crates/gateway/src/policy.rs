//! What may be dialled.
//!
//! The type of a number is no filter: phone libraries call satellite networks and Caribbean islands ordinary. So regions are allowed one
//! by one, by ISO 3166 and not by calling code, and costly ranges are denied on top of that.

use crate::clock::before;
use crate::config::PolicySettings;
use crate::journal::{Ceilings, Reservation, Store};
use crate::wire::Refusal;
use cordboard::Timestamp;
use cordboard::telephony::{AgentId, DialKey, DialPolicy, ErrorKind, PhoneNumber};
use phonenumber::Type;
use phonenumber::metadata::DATABASE;
use std::time::Duration;

/// The ceilings count this far back.
const DAY: Duration = Duration::from_secs(86_400);

/// What is short everywhere and never a subscriber: help, and what a country calls it. As [`DialPolicy`] has it for what is typed,
/// here behind a calling code.
const EMERGENCY: [&str; 4] = ["911", "112", "999", "000"];

/// The rules of an account.
pub(crate) struct Policy {
    settings: PolicySettings,
    denied: DialPolicy,
}

impl Policy {
    pub(crate) fn new(settings: PolicySettings) -> Self {
        let denied =
            settings.denied_prefixes.iter().fold(DialPolicy::default(), |policy, prefix| policy.deny(&prefix.0));
        Self { settings, denied }
    }

    pub(crate) const fn calls_at_once(&self) -> usize {
        self.settings.calls_at_once
    }

    /// Reads a number as the client sends it, in E.164, and says whether it may be called.
    pub(crate) fn check(&self, text: &str) -> Result<PhoneNumber, Refusal> {
        self.is_open()?;
        if DialPolicy::is_emergency(text) {
            return Err(emergency());
        }
        let number = PhoneNumber::from_e164(text).map_err(|_| Refusal::new(ErrorKind::InvalidNumber))?;
        if self.denied.check(&number).is_err() {
            return Err(denied("premium-rate and satellite numbers are blocked"));
        }
        // A number that the library can't read is in no region.
        let parsed = phonenumber::parse(None, number.as_e164()).ok();
        let region = parsed.as_ref().and_then(|parsed| parsed.country().id());
        if let Some(parsed) = &parsed
            && EMERGENCY.contains(&parsed.national().to_string().as_str())
        {
            return Err(emergency());
        }
        if !region.is_some_and(|region| self.settings.regions.contains(&region)) {
            return Err(denied("this account does not call that region"));
        }
        match parsed.map(|parsed| parsed.number_type(&DATABASE)) {
            // Personal numbers cost what their owner likes.
            Some(Type::PremiumRate | Type::SharedCost | Type::Uan | Type::PersonalNumber) => {
                Err(denied("premium-rate and personal numbers are blocked"))
            }
            Some(Type::Emergency) => Err(emergency()),
            // A network may route what is no number of its region by its first digits, which may be premium ones.
            Some(Type::ShortCode | Type::Unknown) | None => Err(Refusal::new(ErrorKind::InvalidNumber)),
            Some(_) => Ok(number),
        }
    }

    /// Whether anything may be dialled now.
    pub(crate) fn is_open(&self) -> Result<(), Refusal> {
        let is_stopped = || self.settings.kill_switch.as_deref().is_some_and(std::path::Path::exists);
        if !self.settings.dialling || is_stopped() {
            return Err(denied("dialling is stopped"));
        }
        Ok(())
    }

    /// Writes a wish to call down, unless there were too many.
    pub(crate) async fn reserve(
        &self,
        store: &Store,
        agent: &AgentId,
        key: &DialKey,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let ceilings = Ceilings {
            since: before(now, DAY),
            agent: self.settings.agent_per_day,
            account: self.settings.account_per_day,
        };
        match store.reserve_dial(agent, key, now, ceilings).await {
            Ok(Reservation::New | Reservation::Known) => Ok(()),
            Ok(Reservation::AgentCeiling) => Err(denied("you have made as many calls as you may in a day")),
            Ok(Reservation::AccountCeiling) => {
                tracing::warn!("the account's ceiling of calls in a day is reached");
                Err(denied("the account has made as many calls as it may in a day"))
            }
            Err(_) => Err(unavailable()),
        }
    }
}

fn denied(sentence: &str) -> Refusal {
    Refusal::new(ErrorKind::NotAllowed).saying(sentence)
}

fn emergency() -> Refusal {
    denied("emergency numbers can't be called from here: use another telephone")
}

/// Nothing was done, because it could not be written down.
pub(crate) fn unavailable() -> Refusal {
    Refusal::new(ErrorKind::Unreachable).saying("the gateway can't write to its journal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Prefix};

    fn policy(regions: &str, change: impl FnOnce(&mut PolicySettings)) -> Policy {
        let text = format!("[server]\npublic_url = \"https://a.example\"\n[policy]\nregions = [{regions}]\n");
        let mut settings = Config::from_toml(&text, "").unwrap().policy;
        change(&mut settings);
        Policy::new(settings)
    }

    fn kind(policy: &Policy, number: &str) -> Option<crate::wire::ErrorName> {
        policy.check(number).err().map(|refusal| refusal.kind)
    }

    #[test]
    fn the_dial_list() {
        use crate::wire::ErrorName::{InvalidNumber, NotAllowed};
        let policy = policy("\"US\", \"GB\", \"DE\", \"ES\"", |settings| {
            settings.denied_prefixes = vec![Prefix("1617999".to_owned())];
        });
        for number in ["+16175550142", "+442079460958", "+493012345678", "+18005550199", "+34912345678"] {
            assert_eq!(kind(&policy, number), None, "{number}");
        }
        for number in [
            "+19005550142", // premium
            "+449098790123",
            "+34806123456",
            "+448712345678", // shared cost
            "+881612345678", // satellite
            "+870773123456",
            "+882161234567", // international networks
            "+883510012345",
            "+97912345678",
            "+12684641234", // Antigua, which is +1 too
            "+14165550142", // Canada, which is not in the list
            "+18765550142",
            "+33123456789",
            "+16179990142", // denied by the account
            "911",
            "112",
            "+44999",
            "+4970012345678", // personal
            "+447012345678",
        ] {
            let refused = kind(&policy, number);
            assert!(matches!(refused, Some(NotAllowed | InvalidNumber)), "{number}: {refused:?}");
        }
        for number in [
            "",
            "+",
            "6175550142",
            "22000",
            "+22000",
            "+1617555014200000",
            "+１６１７５５５０１４２",
            "\u{200f}+16175550142",
            "+16175550142\u{202e}",
            "+16175550142;ext=5",
            "+16175550142x5",
            "+1 617 555 0142",
            "tel:+16175550142",
            "sip:alex@example.com",
            "client:alex",
            "+16175550142\r\nX: y",
            "+348061234567", // a premium number and one digit more
            "+3411888",
        ] {
            assert_eq!(kind(&policy, number), Some(InvalidNumber), "{number:?}");
        }
        for number in ["911", "112", "999"] {
            assert_eq!(kind(&policy, number), Some(NotAllowed), "{number}");
        }
    }

    #[test]
    fn islands_are_regions_of_their_own() {
        assert_eq!(kind(&policy("\"AG\"", |_| ()), "+12684641234"), None);
        assert_eq!(kind(&policy("\"CA\"", |_| ()), "+14165550142"), None);
    }

    #[test]
    fn dialling_can_be_stopped() {
        use crate::wire::ErrorName::NotAllowed;
        let stopped = policy("\"US\"", |settings| settings.dialling = false);
        assert_eq!(kind(&stopped, "+16175550142"), Some(NotAllowed));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stop");
        let policy = policy("\"US\"", |settings| settings.kill_switch = Some(file.clone()));
        assert_eq!(kind(&policy, "+16175550142"), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(kind(&policy, "+16175550142"), Some(NotAllowed));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(kind(&policy, "+16175550142"), None);
    }
}

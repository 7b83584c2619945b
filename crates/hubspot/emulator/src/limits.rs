//! What HubSpot counts.

use crate::answer::Refusal;
use cordboard::Timestamp;
use http::{HeaderMap, HeaderValue};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Requests in rolling windows, by who sends them.
#[derive(Default)]
pub(crate) struct Limits {
    windows: BTreeMap<String, VecDeque<Timestamp>>,
    today: BTreeMap<String, u32>,
}

pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

impl Limits {
    /// Counts a request, and says how many are left.
    pub(crate) fn count(&mut self, now: Timestamp, who: &str, burst: u32, daily: u32) -> Result<HeaderMap, Refusal> {
        let today = self.today.entry(who.to_owned()).or_default();
        if *today >= daily {
            return Err(Refusal::too_many("DAILY"));
        }
        *today += 1;
        let used_today = *today;
        let left = self.take(now, who, INTERVAL, burst).ok_or_else(|| Refusal::too_many("TEN_SECONDLY_ROLLING"))?;
        let mut headers = HeaderMap::new();
        let mut say = |name: &'static str, value: u32| headers.insert(name, HeaderValue::from(value));
        say("x-hubspot-ratelimit-max", burst);
        say("x-hubspot-ratelimit-remaining", left);
        say("x-hubspot-ratelimit-interval-milliseconds", 10_000);
        say("x-hubspot-ratelimit-daily", daily);
        say("x-hubspot-ratelimit-daily-remaining", daily - used_today);
        Ok(headers)
    }

    /// Counts a search, whose answer says nothing of limits.
    pub(crate) fn count_search(&mut self, now: Timestamp, who: &str, most: u32) -> Result<HeaderMap, Refusal> {
        let left = self.take(now, &format!("search {who}"), SECOND, most);
        left.map(|_| HeaderMap::new()).ok_or_else(|| Refusal::too_many("SECONDLY"))
    }

    fn take(&mut self, now: Timestamp, who: &str, per: Duration, most: u32) -> Option<u32> {
        let window = self.windows.entry(who.to_owned()).or_default();
        while window.front().is_some_and(|sent| *sent + per <= now) {
            window.pop_front();
        }
        let used = u32::try_from(window.len()).unwrap_or(u32::MAX);
        if used >= most {
            return None;
        }
        window.push_back(now);
        Some(most - used - 1)
    }
}

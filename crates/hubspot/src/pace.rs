//! How fast requests may go. It has no clock: time is an argument.
//!
//! HubSpot counts the requests of each rolling window. A token bucket, which is what libraries offer, would let up to twice as many
//! pass in a window that begins before a pause ends.

use cordboard::Timestamp;
use http::HeaderMap;
use std::collections::VecDeque;
use std::time::Duration;

/// Which of HubSpot's limits a request counts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// That of the app in an account.
    General,
    /// That of searches in an account, which answer without headers.
    Search,
}

/// So many requests in any such time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many.
    pub requests: u32,
    /// In how long.
    pub per: Duration,
}

impl Allowance {
    /// HubSpot's least: what it allows a private app of a free account. Headers tell when it is more.
    pub const GENERAL: Self = Self { requests: 100, per: Duration::from_secs(10) };
    /// Searches of an account, by all apps together.
    pub const SEARCH: Self = Self { requests: 5, per: Duration::from_secs(1) };
    /// More than HubSpot sells.
    const MOST: u32 = 10_000;

    /// What is used of it: a tenth is left, because HubSpot counts when a request arrives, and that is not when it was sent.
    fn used(self) -> usize {
        let requests = self.requests.clamp(1, Self::MOST);
        usize::try_from(requests - (requests / 10).max(1)).unwrap_or_default().max(1)
    }
}

/// The requests of one limit.
#[derive(Clone, Debug)]
pub struct Pace {
    allowance: Allowance,
    sent: VecDeque<Timestamp>,
    closed_until: Timestamp,
}

impl Pace {
    /// Nothing was sent yet.
    #[must_use]
    pub const fn new(allowance: Allowance) -> Self {
        Self { allowance, sent: VecDeque::new(), closed_until: Timestamp::from_millis(0) }
    }

    /// What is allowed, as far as is known.
    #[must_use]
    pub const fn allowance(&self) -> Allowance {
        self.allowance
    }

    /// Counts a request that is sent now.
    ///
    /// # Errors
    /// When it may not go yet, with the time to ask again.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.forget(now);
        if self.closed_until > now {
            return Err(self.closed_until);
        }
        let most = self.allowance.used();
        if let Some(index) = self.sent.len().checked_sub(most)
            && let Some(oldest) = self.sent.get(index)
        {
            return Err(*oldest + self.allowance.per);
        }
        self.sent.push_back(now);
        Ok(())
    }

    /// Reads how much is left, which others may have used, too.
    pub fn handle_headers(&mut self, now: Timestamp, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
        let (Some(most), Some(millis)) =
            (number("x-hubspot-ratelimit-max"), number("x-hubspot-ratelimit-interval-milliseconds"))
        else {
            return;
        };
        // Another interval is the day's limit, which no waiting helps.
        if most == 0 || !(1..=60_000).contains(&millis) {
            return;
        }
        self.allowance = Allowance { requests: most, per: Duration::from_millis(millis.into()) };
        self.forget(now);
        let Some(left) = number("x-hubspot-ratelimit-remaining") else { return };
        let counted = usize::try_from(most.saturating_sub(left).min(Allowance::MOST)).unwrap_or_default();
        // What others sent lies in the same window. When, is not said: as late as it can be.
        for _ in self.sent.len()..counted {
            self.sent.push_back(now);
        }
    }

    /// Sends nothing until then.
    pub fn close_until(&mut self, until: Timestamp) {
        self.closed_until = self.closed_until.max(until);
    }

    fn forget(&mut self, now: Timestamp) {
        while self.sent.front().is_some_and(|sent| *sent + self.allowance.per <= now) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(most: u32, left: u32) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-hubspot-ratelimit-max", most.into());
        headers.insert("x-hubspot-ratelimit-remaining", left.into());
        headers.insert("x-hubspot-ratelimit-interval-milliseconds", 10_000.into());
        headers
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    proptest! {
        /// Whenever requests come, no window of any length holds more than is used of the allowance.
        #[test]
        fn no_window_has_too_many(gaps in prop::collection::vec(0..400_u64, 1..300)) {
            let mut pace = Pace::new(Allowance { requests: 20, per: Duration::from_secs(1) });
            let (mut now, mut sent) = (at(0), Vec::new());
            for gap in gaps {
                now = now + Duration::from_millis(gap);
                while let Err(later) = pace.take(now) {
                    prop_assert!(later > now, "time goes on");
                    now = later;
                }
                sent.push(now);
            }
            for window in sent.windows(19) {
                prop_assert!(window[18].since(window[0]) >= Duration::from_secs(1), "{window:?}");
            }
        }
    }

    #[test]
    fn what_others_used_is_counted() {
        let mut pace = Pace::new(Allowance::GENERAL);
        pace.take(at(0)).unwrap();
        pace.handle_headers(at(100), &headers(110, 13));
        // 97 of 99 are used, by us and others.
        pace.take(at(100)).unwrap();
        pace.take(at(100)).unwrap();
        assert_eq!(pace.take(at(100)), Err(at(10_000)));
        assert_eq!(pace.take(at(10_000)), Ok(()));
        assert_eq!(pace.take(at(10_000)), Err(at(10_100)));
    }

    #[test]
    fn headers_say_what_is_allowed() {
        let mut pace = Pace::new(Allowance::GENERAL);
        pace.handle_headers(at(0), &headers(190, 190));
        assert_eq!(pace.allowance(), Allowance { requests: 190, per: Duration::from_secs(10) });
        for _ in 0..171 {
            pace.take(at(0)).unwrap();
        }
        assert_eq!(pace.take(at(0)), Err(at(10_000)));
        // What can't be, is not taken.
        for (most, millis) in [("0", "10000"), ("x", "10000"), ("100", "86400000"), ("100", "0"), ("-1", "10000")] {
            let mut wrong = headers(1, 1);
            wrong.insert("x-hubspot-ratelimit-max", most.parse().unwrap());
            wrong.insert("x-hubspot-ratelimit-interval-milliseconds", millis.parse().unwrap());
            pace.handle_headers(at(0), &wrong);
            assert_eq!(pace.allowance().requests, 190, "{most} {millis}");
        }
        pace.handle_headers(at(0), &headers(u32::MAX, 0));
        assert_eq!(pace.sent.len(), 10_000);
    }

    #[test]
    fn closed_is_closed() {
        let mut pace = Pace::new(Allowance::SEARCH);
        pace.close_until(at(700));
        pace.close_until(at(300));
        assert_eq!(pace.take(at(0)), Err(at(700)));
        assert_eq!(pace.take(at(700)), Ok(()));
    }
}

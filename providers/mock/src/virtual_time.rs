use cordboard::Timestamp;
use cordboard::platform::{BoxFuture, Clock};
use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Wake;

/// A clock for tests, which jumps to the next moment that somebody waits for. Clones are the same clock.
#[derive(Clone, Default)]
pub struct VirtualClock(Arc<Mutex<Time>>);

#[derive(Default)]
struct Time {
    now: Timestamp,
    sleepers: Vec<Sleeper>,
    next: u64,
}

struct Sleeper {
    id: u64,
    until: Timestamp,
    waker: Waker,
}

impl VirtualClock {
    /// Runs a future to its end and returns what it gives. Whenever nothing can go on, the time jumps.
    /// `background` runs meanwhile, such as an [`Exchange`](crate::Exchange)'s `run`.
    ///
    /// # Panics
    /// When `future` waits for something that never comes.
    pub fn block_on<F: Future>(&self, background: impl Future<Output = ()>, future: F) -> F::Output {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        let mut background = pin!(background);
        let mut background_runs = true;
        loop {
            while woken.0.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return output;
                }
                background_runs = background_runs && background.as_mut().poll(&mut context).is_pending();
            }
            assert!(self.jump(), "everything waits, and nothing will happen");
        }
    }

    /// Goes to the next moment that somebody waits for, if there is one.
    fn jump(&self) -> bool {
        let mut time = self.lock();
        let Some(next) = time.sleepers.iter().map(|sleeper| sleeper.until).min() else { return false };
        time.now = time.now.max(next);
        for sleeper in time.sleepers.extract_if(.., |sleeper| sleeper.until == next) {
            sleeper.waker.wake();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut time = self.lock();
        time.next += 1;
        let (id, until) = (time.next, time.now + duration);
        drop(time);
        Box::pin(Sleep { clock: self.clone(), id, until })
    }
}

struct Sleep {
    clock: VirtualClock,
    id: u64,
    until: Timestamp,
}

impl Sleep {
    fn forget(&self, time: &mut Time) {
        time.sleepers.retain(|sleeper| sleeper.id != self.id);
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.lock();
        self.forget(&mut time);
        if time.now >= self.until {
            return Poll::Ready(());
        }
        time.sleepers.push(Sleeper { id: self.id, until: self.until, waker: context.waker().clone() });
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.forget(&mut self.clock.lock());
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

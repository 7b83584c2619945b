//! The one place that knows that a browser has a single thread and a server has many.

#[cfg(not(target_arch = "wasm32"))]
mod bounds {
    use core::future::Future;
    use core::pin::Pin;

    /// `Send` where there are threads; nothing in a browser.
    pub trait MaybeSend: Send {}
    impl<T: Send + ?Sized> MaybeSend for T {}

    /// `Sync` where there are threads; nothing in a browser.
    pub trait MaybeSync: Sync {}
    impl<T: Sync + ?Sized> MaybeSync for T {}

    /// A boxed stream that may cross threads where there are any.
    pub type BoxStream<T> = Pin<Box<dyn futures_core::Stream<Item = T> + Send>>;
    pub(super) type BoxedFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
}

#[cfg(target_arch = "wasm32")]
mod bounds {
    use core::future::Future;
    use core::pin::Pin;

    /// `Send` where there are threads; nothing in a browser.
    pub trait MaybeSend {}
    impl<T: ?Sized> MaybeSend for T {}

    /// `Sync` where there are threads; nothing in a browser.
    pub trait MaybeSync {}
    impl<T: ?Sized> MaybeSync for T {}

    /// A boxed stream that may cross threads where there are any.
    pub type BoxStream<T> = Pin<Box<dyn futures_core::Stream<Item = T>>>;
    pub(super) type BoxedFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
}

pub use bounds::{BoxStream, MaybeSend, MaybeSync};

/// A value that several hold and one at a time changes: a mutex where there are threads, a cell in a browser, where it
/// takes a fraction of the code. Must not be locked by who holds it.
#[derive(Debug, Default)]
pub struct Lock<T>(lock::Cell<T>);

impl<T> Lock<T> {
    /// Wraps a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(lock::Cell::new(value))
    }

    /// The value, for nobody else until the result is dropped. One that a panic left is taken as it is: keep it whole
    /// between any two calls.
    pub fn lock(&self) -> impl core::ops::DerefMut<Target = T> + '_ {
        lock::lock(&self.0)
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod lock {
    pub(super) use std::sync::Mutex as Cell;
    use std::sync::{MutexGuard, PoisonError};

    pub(super) fn lock<T>(cell: &Cell<T>) -> MutexGuard<'_, T> {
        cell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_arch = "wasm32")]
mod lock {
    pub(super) use core::cell::RefCell as Cell;

    pub(super) fn lock<T>(cell: &Cell<T>) -> core::cell::RefMut<'_, T> {
        cell.borrow_mut()
    }
}

/// A boxed future that may cross threads where there are any.
pub type BoxFuture<'a, T> = bounds::BoxedFuture<'a, T>;

/// The time and a way to wait for it. The core has neither: whoever runs it hands it one.
pub trait Clock: MaybeSend + MaybeSync {
    /// The time now.
    fn now(&self) -> crate::Timestamp;

    /// Resolves when `duration` has passed.
    fn sleep(&self, duration: core::time::Duration) -> BoxFuture<'static, ()>;
}

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

/// A boxed future that may cross threads where there are any.
pub type BoxFuture<'a, T> = bounds::BoxedFuture<'a, T>;

/// The time and a way to wait for it. The core has neither: whoever runs it hands it one.
pub trait Clock: MaybeSend + MaybeSync {
    /// The time now.
    fn now(&self) -> crate::Timestamp;

    /// Resolves when `duration` has passed.
    fn sleep(&self, duration: core::time::Duration) -> BoxFuture<'static, ()>;
}

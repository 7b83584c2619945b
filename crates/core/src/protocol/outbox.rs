use crate::queue::Queue;

/// How much waits for a driver that does not read. A driver drains after every call, so only a broken one gets here.
const MAX_OUTPUTS: usize = 256;

/// What a machine wants done, in order. When it is full the oldest is lost: what is new describes the state better.
pub(super) struct Outbox<T>(Queue<T>);

impl<T> Outbox<T> {
    pub(super) const fn new() -> Self {
        Self(Queue::new())
    }

    pub(super) fn push(&mut self, output: T) {
        if self.0.len() == MAX_OUTPUTS {
            self.0.pop();
        }
        self.0.push(output);
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }
}

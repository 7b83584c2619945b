//! Runs futures on the page's thread, each step as a microtask. The executor of `wasm-bindgen-futures` does the same with
//! more code, some of it for browsers and modules that we don't have.

use crate::window;
use core::cell::RefCell;
use core::pin::Pin;
use core::task::{Context, Waker};
use js_sys::Function;
use std::sync::Arc;
use std::task::Wake;
use wasm_bindgen::prelude::*;

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    /// The tasks that wait, by their numbers.
    static TASKS: RefCell<Tasks> = const { RefCell::new(Tasks { waiting: Vec::new(), last: 0 }) };
}

struct Tasks {
    waiting: Vec<(u32, Task)>,
    last: u32,
}

/// A task's number: wakers may cross threads, and a future of the page may not.
struct TaskId(u32);

impl Wake for TaskId {
    fn wake(self: Arc<Self>) {
        run_soon(self.0);
    }
}

/// Runs a future on the page's thread.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    spawn_task(Box::pin(future));
}

/// Apart from [`spawn`], so that its code is there once and not once for each future.
fn spawn_task(task: Task) {
    let id = TASKS.with_borrow_mut(|tasks| {
        tasks.last += 1;
        tasks.waiting.push((tasks.last, task));
        tasks.last
    });
    run_soon(id);
}

fn run_soon(id: u32) {
    window().queue_microtask(&call_once(Box::new(move || run(id))));
}

/// Lets a task go on. It may be over, or woken twice: then nothing happens, or it looks once more.
fn run(id: u32) {
    let task = TASKS.with_borrow_mut(|tasks| {
        let place = tasks.waiting.iter().position(|(waiting, _)| *waiting == id)?;
        Some(tasks.waiting.swap_remove(place).1)
    });
    let Some(mut task) = task else { return };
    let waker = Waker::from(Arc::new(TaskId(id)));
    if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        TASKS.with_borrow_mut(|tasks| tasks.waiting.push((id, task)));
    }
}

/// A function for the browser to call once. Boxed, so that the code around it is there once.
pub(crate) fn call_once(callback: Box<dyn FnOnce()>) -> Function {
    Closure::once_into_js(callback).unchecked_into()
}

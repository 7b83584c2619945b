//! The queue that calls one contact after another.

use super::{call_link, record_link};
use crate::crm::{Queue, TaskState};
use crate::driver::App;
use cordboard::platform::Clock as _;
use cordboard_browser::BrowserClock;
use leptos::prelude::*;

pub(super) fn tasks_page(app: App) -> impl IntoView {
    let queue = Memo::new(move |_| app.crm.with(|crm| crm.queue.clone()));
    let runs = Memo::new(move |_| queue.with(Option::is_some));
    let calls = Memo::new(move |_| app.crm.with(|crm| crm.has_live_call()));
    let start = move |_| app.act(|crm, settings| crm.start_queue(BrowserClock.now(), settings));
    let skip = move |_| app.act(|crm, settings| crm.next_task(BrowserClock.now(), settings));
    let stop = move |_| app.crm.update(|crm| crm.stop_queue());
    let rows: Vec<_> = Queue::contacts()
        .map(|record| {
            let id = record.id;
            let state = move || queue.with(|queue| queue.as_ref().map_or(TaskState::Waiting, |queue| queue.state(id)));
            let (class, label) = (
                move || match state() {
                    TaskState::Done => "badge good",
                    TaskState::Current => "badge busy",
                    TaskState::Waiting => "badge",
                },
                move || match state() {
                    TaskState::Done => "Done",
                    TaskState::Current => "Current",
                    TaskState::Waiting => "To do",
                },
            );
            view! {
                <tr>
                    <td>{record_link(app, record)}</td>
                    <td>{record.phones.first().map(|phone| call_link(app, record, phone))}</td>
                    <td><span class=class>{label}</span></td>
                </tr>
            }
        })
        .collect();
    view! {
        <div class="page-head">
            <h1>"Call queue"</h1>
            <div class="actions">
                <Show when=move || runs.get()
                    fallback=move || view! { <button class="primary" on:click=start>"Start calling"</button> }>
                    <button disabled=move || calls.get() on:click=skip>"Skip to next"</button>
                    <button on:click=stop>"Stop"</button>
                </Show>
            </div>
        </div>
        <div class="card table-scroll" tabindex="0" role="region" aria-label="Call queue">
            <table>
                <thead>
                    <tr><th scope="col">"Contact"</th><th scope="col">"Phone"</th><th scope="col">"State"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

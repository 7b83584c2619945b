//! The dock that shows every message.

use super::app;
use super::format;
use super::icon::Icon;
use crate::crm::Tone;
use crate::driver::App;
use crate::inspector::{Direction, Entry, Filter, MAX_TRACE, Verdict, export, import};
use cordboard_browser as browser;
use leptos::ev::Event;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::HtmlInputElement;

/// How many messages are shown at once.
const MAX_ROWS: usize = 200;

#[component]
pub(super) fn Dock(makes_room: Signal<bool>, on_close: impl Fn() + 'static) -> impl IntoView {
    let app = app();
    let filter = RwSignal::new(Filter::default());
    let selected = RwSignal::new(None::<u32>);
    let entry = Memo::new(move |_| app.inspector.with(|inspector| inspector.entry(selected.get()?).cloned()));
    view! {
        <section id="inspector" class="dock" class:beside-panel=makes_room aria-labelledby="inspector-title">
            <div class="bar">
                <h2 id="inspector-title">"Inspector"</h2>
                <FilterBar filter/>
                <span class="space"></span>
                <TraceBar/>
                <button class="quiet icon-only" aria-label="Close the inspector" on:click=move |_| on_close()>{Icon::Close.view()}</button>
            </div>
            <div class="panes">
                <div class="messages" tabindex="0" role="region" aria-label="Messages, newest first">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Time"</th>
                                <th scope="col">"Direction"</th>
                                <th scope="col">"Type"</th>
                                <th scope="col">"Schema"</th>
                                <th scope="col">"Latency"</th>
                                <th scope="col">"Payload"</th>
                            </tr>
                        </thead>
                        <tbody>
                            <For each=move || rows(app, &filter.get()) key=|entry| entry.number let:entry>
                                {row(&entry, selected)}
                            </For>
                        </tbody>
                    </table>
                </div>
                <div class="payload-pane">
                    <div class="bar">
                        <h3>{move || entry.with(|entry| entry.as_ref().map_or_else(|| "Payload".to_owned(), |entry| entry.kind().to_owned()))}</h3>
                        <span class="space"></span>
                        <button disabled=move || entry.with(Option::is_none) on:click=move |_| {
                            if let Some(entry) = entry.get_untracked() {
                                copy(app, &entry.json());
                            }
                        }>"Copy as JSON"</button>
                    </div>
                    <pre id="payload" tabindex="0" aria-label="Payload">
                        {move || entry.with(|entry| entry.as_ref().map_or_else(|| "Choose a message to see it.".to_owned(), details))}
                    </pre>
                </div>
            </div>
        </section>
    }
}

/// The newest first.
fn rows(app: App, filter: &Filter) -> Vec<Entry> {
    app.inspector.with(|inspector| inspector.matching(filter).take(MAX_ROWS).cloned().collect())
}

fn row(entry: &Entry, selected: RwSignal<Option<u32>>) -> impl IntoView + use<> {
    let number = entry.number;
    let is_selected = move || selected.get() == Some(number);
    let direction = match entry.direction {
        Direction::ToWidget => "→ app",
        Direction::FromWidget => "← app",
    };
    let verdict = match &entry.verdict {
        Verdict::Valid => view! { <span class="valid">"valid"</span> }.into_any(),
        Verdict::Invalid(reason) => view! { <span class="invalid" title=reason.clone()>"invalid"</span> }.into_any(),
    };
    view! {
        <tr class:selected=is_selected data-message-type=entry.kind().to_owned() data-direction=entry.direction.name()>
            <td class="number">{format::clock(entry.at)}</td>
            <td>{direction}</td>
            <td>
                <button class="link" aria-pressed=move || is_selected().to_string() on:click=move |_| selected.set(Some(number))>
                    {entry.kind().to_owned()}
                </button>
            </td>
            <td>{verdict}</td>
            <td class="number">{entry.answer.map(|answer| format!("{} ms", answer.after.as_millis()))}</td>
            <td class="payload">{entry.summary()}</td>
        </tr>
    }
}

fn details(entry: &Entry) -> String {
    match &entry.verdict {
        Verdict::Valid => entry.json(),
        Verdict::Invalid(reason) => format!("Not valid: {reason}\n\n{}", entry.json()),
    }
}

#[component]
fn FilterBar(filter: RwSignal<Filter>) -> impl IntoView {
    let app = app();
    let kinds = Memo::new(move |_| app.inspector.with(|inspector| inspector.kinds()));
    let set_direction = move |event| {
        let direction = Direction::from_name(&event_target_value(&event));
        filter.update(|filter| filter.direction = direction);
    };
    let set_kind = move |event| {
        let kind = Some(event_target_value(&event)).filter(|kind| !kind.is_empty());
        filter.update(|filter| filter.kind = kind);
    };
    view! {
        <select id="filter-direction" aria-label="Direction" on:change=set_direction>
            <option value="">"Both directions"</option>
            <option value=Direction::ToWidget.name()>"To the app"</option>
            <option value=Direction::FromWidget.name()>"From the app"</option>
        </select>
        <select id="filter-type" aria-label="Type" on:change=set_kind>
            <option value="">"All types"</option>
            <For each=move || kinds.get() key=Clone::clone let:kind>
                <option value=kind.clone()>{kind.clone()}</option>
            </For>
        </select>
        <input id="filter-search" type="search" aria-label="Search" placeholder="Search"
            on:input=move |event| filter.update(|filter| filter.search = event_target_value(&event))/>
        <span class="muted number" role="status">
            {move || app.inspector.with(|inspector| {
                let matching = filter.with(|filter| inspector.matching(filter).count());
                format!("{matching} of {}", inspector.len())
            })}
        </span>
    }
}

/// Clear, export, and replay.
#[component]
fn TraceBar() -> impl IntoView {
    let app = app();
    let is_empty = move || app.inspector.with(|inspector| inspector.len() == 0);
    let save = move |_| {
        let text = app.inspector.with_untracked(|inspector| export(inspector.entries()));
        if !browser::download("cordboard-trace.json", &text) {
            app.toast(Tone::Bad, "The browser did not save the trace.".to_owned());
        }
    };
    let has_replay = Memo::new(move |_| app.replay.with(Option::is_some));
    view! {
        <button disabled=is_empty on:click=move |_| app.inspector.update(|inspector| inspector.clear())>"Clear"</button>
        <button id="export-trace" disabled=is_empty on:click=save>"Export trace"</button>
        <Show when=move || has_replay.get() fallback=move || view! { <TraceFile/> }>
            <ReplayControls/>
        </Show>
    }
}

#[component]
fn TraceFile() -> impl IntoView {
    let app = app();
    let choose = move |event: Event| {
        let Some(input) = event.target().and_then(|input| input.dyn_into::<HtmlInputElement>().ok()) else { return };
        browser::spawn(async move {
            let replay = match browser::read_file(&input, MAX_TRACE).await {
                Some(text) => import(&text).map_err(|error| error.to_string()),
                None => Err("the file could not be read".to_owned()),
            };
            match replay {
                Ok(replay) => app.replay.set(Some(replay)),
                Err(reason) => app.toast(Tone::Bad, format!("No replay: {reason}.")),
            }
            // So that the same file can be chosen again.
            input.set_value("");
        });
    };
    view! {
        <label class="file">
            "Replay a trace"
            <input id="import-trace" class="visually-hidden" type="file" accept="application/json,.json" on:change=choose/>
        </label>
    }
}

#[component]
fn ReplayControls() -> impl IntoView {
    let app = app();
    let progress = move || app.replay.with(|replay| replay.as_ref().map_or((0, 0), |replay| replay.progress()));
    let is_over = move || progress().0 == progress().1;
    let stop = move |_| {
        app.replaying.set(false);
        app.replay.set(None);
    };
    view! {
        <span class="number" role="status">{move || format!("Replay: {} of {}", progress().0, progress().1)}</span>
        <button id="replay-play" disabled=move || is_over() || app.replaying.get() on:click=move |_| app.play()>"Play"</button>
        <button id="replay-step" disabled=move || is_over() || app.replaying.get()
            on:click=move |_| { app.replay_step(); }>"Step"</button>
        <button id="replay-stop" on:click=stop>"End replay"</button>
    }
}

fn copy(app: App, text: &str) {
    browser::copy(text, move |is_copied| {
        if is_copied {
            app.toast(Tone::Good, "Copied.".to_owned());
        } else {
            app.toast(Tone::Bad, "The browser did not allow copying.".to_owned());
        }
    });
}

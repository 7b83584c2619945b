//! The movable panel with the widget's frame.

use super::app;
use super::icon::Icon;
use super::picker::Picker;
use crate::crm::{Link, Panel};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlIFrameElement};

/// How far an arrow key moves the panel, in CSS pixels.
const NUDGE: i32 = 16;
const MARGIN: i32 = 8;

/// The panel's upper left corner, in CSS pixels; by default it stays in the lower right.
pub(super) type Position = Option<(i32, i32)>;

#[component]
pub(super) fn WidgetPanel(position: RwSignal<Position>) -> impl IntoView {
    let app = app();
    let panel = Memo::new(move |_| app.crm.with(|crm| crm.panel));
    let size = Memo::new(move |_| app.crm.with(|crm| crm.size));
    let element = NodeRef::<html::Section>::new();
    let picks = RwSignal::new(app.widget.with_untracked(Option::is_none));
    let px = |pixels: i32| format!("{pixels}px");
    view! {
        <section node_ref=element id="widget-panel" class="panel" aria-label="Calling app"
            hidden=move || panel.get() == Panel::Closed
            class:minimised=move || panel.get() == Panel::Minimised
            style:width=move || format!("{}px", size.get().width)
            style:left=move || position.get().map_or_else(|| "auto".to_owned(), |(x, _)| px(x))
            style:top=move || position.get().map_or_else(|| "auto".to_owned(), |(_, y)| px(y))
            style:right=move || position.get().map_or_else(|| px(16), |_| "auto".to_owned())
            style:bottom=move || position.get().map_or_else(|| px(16), |_| "auto".to_owned())>
            <PanelBar panel position element/>
            <ProviderBar picks/>
            <div class="body" style:height=move || format!("{}px", size.get().height)>
                <Frame/>
                <Failed picks/>
                <Show when=move || picks.get()>
                    <Picker on_done=move || picks.set(false)/>
                </Show>
            </div>
        </section>
    }
}

/// The bar that moves, minimises and closes the panel.
#[component]
fn PanelBar(panel: Memo<Panel>, position: RwSignal<Position>, element: NodeRef<html::Section>) -> impl IntoView {
    let app = app();
    // Where the pointer holds the panel, from its upper left corner.
    let grip: RwSignal<Position> = RwSignal::new(None);
    let corner = move || element.get_untracked().map(|panel| corner_of(&panel));
    let place = move |x: i32, y: i32| {
        if let Some(panel) = element.get_untracked() {
            position.set(Some(within_page(&panel, x, y)));
        }
    };
    let on_pointer_down = move |event: PointerEvent| {
        let Some(bar) = event.current_target().and_then(|bar| bar.dyn_into::<Element>().ok()) else { return };
        let on_button = event.target().and_then(|at| at.dyn_into::<Element>().ok()?.closest("button").ok()?).is_some();
        if let Some((x, y)) = corner().filter(|_| !on_button) {
            grip.set(Some((event.client_x() - x, event.client_y() - y)));
            // Without it the frame would take the pointer.
            let _ = bar.set_pointer_capture(event.pointer_id());
        }
    };
    let on_pointer_move = move |event: PointerEvent| {
        if let Some((x, y)) = grip.get_untracked() {
            place(event.client_x() - x, event.client_y() - y);
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let (dx, dy) = match event.key().as_str() {
            "ArrowLeft" => (-NUDGE, 0),
            "ArrowRight" => (NUDGE, 0),
            "ArrowUp" => (0, -NUDGE),
            "ArrowDown" => (0, NUDGE),
            _ => return,
        };
        event.prevent_default();
        if let Some((x, y)) = corner() {
            place(x + dx, y + dy);
        }
    };
    // For those who can't drag: a click moves it to the left side, another one back.
    let on_click = move |_| match position.get_untracked() {
        None => place(MARGIN, i32::MAX / 2),
        Some(_) => position.set(None),
    };
    let minimised = move || panel.get() == Panel::Minimised;
    let toggle = move |_| {
        let next = if panel.get_untracked() == Panel::Minimised { Panel::Open } else { Panel::Minimised };
        app.act(|crm, _| crm.show_panel(next));
        // It grows upwards from where it was.
        if let Some((x, y)) = position.get_untracked() {
            request_animation_frame(move || place(x, y));
        }
    };
    view! {
        <header on:pointerdown=on_pointer_down on:pointermove=on_pointer_move
            on:pointerup=move |_| grip.set(None) on:pointercancel=move |_| grip.set(None)>
            <button id="move-widget" aria-label="Move: press for the other side, or use the arrow keys" title="Move"
                on:click=on_click on:keydown=on_key>{Icon::Move.view()}</button>
            <h2>"Calling app"</h2>
            <span class="fill"></span>
            <button id="minimise-widget" aria-label=move || if minimised() { "Restore" } else { "Minimise" } on:click=toggle>
                {move || if minimised() { Icon::Restore.view().into_any() } else { Icon::Minimise.view().into_any() }}
            </button>
            <button id="close-widget" aria-label="Close" on:click=move |_| app.act(|crm, _| crm.show_panel(Panel::Closed))>
                {Icon::Close.view()}
            </button>
        </header>
    }
}

/// Which app it is, and the CRM's own button to end a call.
#[component]
fn ProviderBar(picks: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let calls = Memo::new(move |_| app.crm.with(|crm| crm.has_live_call()));
    let origin = move || {
        app.widget.with(|widget| {
            widget.as_ref().map_or_else(|| "No app chosen".to_owned(), |(_, url)| url.origin().to_string())
        })
    };
    view! {
        <div class="provider">
            <span title=origin>{origin}</span>
            <Show when=move || calls.get()>
                <button id="end-call" class="danger" on:click=move |_| app.act(|crm, _| crm.end_call())>"End call"</button>
            </Show>
            <button id="change-app" class="link" aria-expanded=move || picks.get().to_string()
                on:click=move |_| picks.update(|picks| *picks = !*picks)>"Change app"</button>
        </div>
    }
}

/// The widget's frame: a new one for each widget, which is never moved in the document, for that would load it again.
#[component]
fn Frame() -> impl IntoView {
    let app = app();
    view! {
        <For each=move || app.widget.get() key=|(number, _)| *number let((_, url))>
            <iframe id="hubspot-calling-extension-iframe" title="Calling app" allow="microphone; autoplay; speaker-selection"
                src=url.as_str().to_owned()
                on:load=move |event| {
                    if let Some(frame) = event.target().and_then(|frame| frame.dyn_into::<HtmlIFrameElement>().ok()) {
                        app.loaded(&frame);
                    }
                }></iframe>
        </For>
    }
}

/// What the user sees when the widget does not answer.
#[component]
fn Failed(picks: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let failed = Memo::new(move |_| app.crm.with(|crm| crm.link == Link::Failed));
    view! {
        <Show when=move || failed.get()>
            <div class="failed" role="alert">
                <h3>"There was an issue connecting with the calling app"</h3>
                <p class="muted">"It did not answer within 30 seconds. Calls can't be made until it does."</p>
                <button class="primary" on:click=move |_| app.reconnect()>"Retry"</button>
                <button on:click=move |_| picks.set(true)>"Change app"</button>
            </div>
        </Show>
    }
}

#[expect(clippy::cast_possible_truncation, reason = "positions on a screen")]
fn corner_of(panel: &Element) -> (i32, i32) {
    let rect = panel.get_bounding_client_rect();
    (rect.x() as i32, rect.y() as i32)
}

/// The nearest place where the whole panel can be seen.
fn within_page(panel: &Element, x: i32, y: i32) -> (i32, i32) {
    let (width, height) = page_size();
    let right = (width - panel.client_width() - MARGIN).max(MARGIN);
    let bottom = (height - panel.client_height() - MARGIN).max(MARGIN);
    (x.clamp(MARGIN, right), y.clamp(MARGIN, bottom))
}

fn page_size() -> (i32, i32) {
    document().document_element().map_or((0, 0), |page| (page.client_width(), page.client_height()))
}

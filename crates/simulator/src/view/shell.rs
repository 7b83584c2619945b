//! The frame of the page: bar, navigation, main part, and what floats above.

use super::icon::Icon;
use super::{app, open};
use crate::crm::{Link, ObjectType, Page, Panel, of_type};
use cordboard_browser::Storage;
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

const MAIN: &str = "main";
/// Whether the inspector is open: a developer keeps it so.
const INSPECTOR_KEY: &str = "cordboard.simulator.inspector";

/// After the user chose a page, reading goes on there.
pub(super) fn focus_main() {
    if let Some(main) = document().get_element_by_id(MAIN).and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
        // Fails for an element that is gone only.
        let _ = main.focus();
    }
}

#[component]
pub(super) fn Shell(signed_in: RwSignal<bool>) -> impl IntoView {
    let app = app();
    let drawer = NodeRef::<html::Dialog>::new();
    let inspects = RwSignal::new(Storage::local().load(INSPECTOR_KEY) == Some(true.into()));
    Effect::new(move |_| Storage::local().save(INSPECTOR_KEY, &inspects.get().into()));
    let position = RwSignal::new(None);
    let is_in_corner = move || app.crm.with(|crm| crm.panel == Panel::Open) && position.with(Option::is_none);
    // The frame goes with this view, so its connection must too.
    on_cleanup(move || app.disconnect());
    if app.widget.with_untracked(Option::is_some) {
        app.reconnect();
    }
    let page = Memo::new(move |_| app.crm.with(|crm| crm.page));
    let main = NodeRef::<html::Main>::new();
    Effect::new(move |_| {
        page.track();
        if let Some(main) = main.get() {
            main.set_scroll_top(0);
        }
    });
    view! {
        <div class="shell">
            <TopBar inspects on_settings=move || {
                if let Some(drawer) = drawer.get_untracked() {
                    let _ = drawer.show_modal();
                }
            }/>
            <SideNav page/>
            <main node_ref=main id=MAIN tabindex="-1">
                {move || match page.get() {
                    Page::Records(object_type) => super::records::records_page(app, object_type).into_any(),
                    Page::Record(id) => super::record::record_page(app, id).into_any(),
                    Page::Calls => super::calls::calls_page(app).into_any(),
                    Page::Tasks => super::tasks::tasks_page(app).into_any(),
                }}
            </main>
            <Show when=move || inspects.get()>
                <super::inspector::Dock makes_room=Signal::derive(is_in_corner) on_close=move || inspects.set(false)/>
            </Show>
        </div>
        <super::panel::WidgetPanel position/>
        <super::settings::Drawer node=drawer signed_in/>
        <super::alert::Alert/>
        <super::toasts::Toasts/>
    }
}

#[component]
fn TopBar(inspects: RwSignal<bool>, on_settings: impl Fn() + 'static) -> impl IntoView {
    let app = app();
    let panel = Memo::new(move |_| app.crm.with(|crm| crm.panel));
    let account = move || app.settings.with(|settings| format!("Portal {} · {}", settings.portal_id, settings.hub));
    let toggle_panel = move |_| {
        let next = if panel.get_untracked() == Panel::Open { Panel::Closed } else { Panel::Open };
        app.act(|crm, _| crm.show_panel(next));
    };
    view! {
        <header class="topbar">
            <span class="brand">{Icon::Contacts.view()} "CRM simulator"</span>
            <span class="account">{account}</span>
            <LinkBadge/>
            <button id="toggle-widget" aria-expanded=move || (panel.get() == Panel::Open).to_string() on:click=toggle_panel>
                {Icon::Phone.view()} "Calling app"
            </button>
            <button id="toggle-inspector" aria-expanded=move || inspects.get().to_string()
                on:click=move |_| inspects.update(|inspects| *inspects = !*inspects)>
                {Icon::Code.view()} "Inspector"
            </button>
            <button id="open-settings" aria-haspopup="dialog" on:click=move |_| on_settings()>
                {Icon::Settings.view()} "Settings"
            </button>
        </header>
    }
}

/// How the page stands with the widget, in words and colour.
#[component]
fn LinkBadge() -> impl IntoView {
    let app = app();
    let link = Memo::new(move |_| app.crm.with(|crm| crm.link));
    let state = move || match link.get() {
        Link::None => ("badge", "No calling app"),
        Link::Connecting => ("badge busy", "Connecting"),
        Link::Failed => ("badge bad", "No connection"),
        Link::Ready { logged_in: false, .. } => ("badge", "Signed out"),
        Link::Ready { available: true, .. } => ("badge good", "Available"),
        Link::Ready { available: false, .. } => ("badge busy", "Away"),
    };
    view! { <span id="availability" role="status" class=move || state().0>{move || state().1}</span> }
}

#[component]
fn SideNav(page: Memo<Page>) -> impl IntoView {
    let app = app();
    let shown = move |target: Page| {
        let page = page.get();
        page == target
            || matches!((page, target), (Page::Record(record), Page::Records(of)) if record.object_type == of)
    };
    let item = move |target: Page, icon: Icon, label: &'static str, count: Option<usize>| {
        view! {
            <li>
                <button aria-current=move || shown(target).then_some("page") on:click=move |_| open(app, target)>
                    {icon.view()} <span>{label}</span>
                    {count.map(|count| view! { <span class="count" aria-hidden="true">{count}</span> })}
                </button>
            </li>
        }
    };
    let records = ObjectType::ALL.map(|object_type| {
        let icon = match object_type {
            ObjectType::Contact => Icon::Contacts,
            ObjectType::Company => Icon::Briefcase,
            ObjectType::Site => Icon::Pin,
        };
        item(Page::Records(object_type), icon, object_type.plural(), Some(of_type(object_type).count()))
    });
    view! {
        <nav class="sidenav" aria-label="CRM">
            <ul>
                {records}
                {item(Page::Calls, Icon::Phone, "Calls", None)}
                {item(Page::Tasks, Icon::Tasks, "Call queue", None)}
            </ul>
        </nav>
    }
}

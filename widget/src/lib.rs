//! The calling widget over any telephony provider.

use leptos::prelude::*;

/// Draws the widget.
pub fn mount() {
    leptos::mount::mount_to_body(|| {
        let (count, set_count) = signal(0);
        view! { <button on:click=move |_| set_count.update(|count| *count += 1)>"Pressed " {count}</button> }
    });
}

//! The whole widget over My PBX.

#[cfg(target_arch = "wasm32")]
fn main() {
    use cordboard_my_pbx::{MyPbxConfig, page_line};
    use cordboard_widget::{WidgetConfig, mount};

    mount(|| (page_line(MyPbxConfig::default()), WidgetConfig::default()));
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}

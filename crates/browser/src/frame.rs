use web_sys::HtmlIFrameElement;

/// Shows an address in a frame, of whatever origin. One that differs behind `#` only does not load the page in it again:
/// it hears `hashchange`.
pub fn show_in_frame(frame: &HtmlIFrameElement, url: &str) {
    if let Some(window) = frame.content_window() {
        // Throws only for what is no address.
        let _ = window.location().replace(url);
    }
}

/// Opens an address in a new tab, which can't reach back. The browser may refuse when the user did not just click.
pub fn open_tab(url: &str) {
    let _ = crate::window().open_with_url_and_target_and_features(url, "_blank", "noopener");
}

//! A calling app over the mock network.

fn main() {
    cordboard_widget::mount();
}

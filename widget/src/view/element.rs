//! What the page is to look like, as a value, and the way from there to the page.
//!
//! Every screen is made of this one type, and two of them are compared at run time. A framework that gives each element
//! a type of its own compares them by code that is compiled for each: that made the module a third larger.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Event};

pub(crate) type Text = Cow<'static, str>;
type Handler = Box<dyn Fn(&Event)>;
/// A handler that can be called while another takes its place.
type Shared = Rc<dyn Fn(&Event)>;

const SVG: &str = "http://www.w3.org/2000/svg";

/// An element that should be there.
pub(crate) struct Element(Box<Parts>);

struct Parts {
    tag: &'static str,
    /// Elements of different keys are different, also in the same place.
    key: &'static str,
    attributes: Vec<(&'static str, Text)>,
    handler: Option<(&'static str, Handler)>,
    children: Vec<Node>,
}

/// What stands between tags.
pub(crate) enum Node {
    Element(Element),
    Text(Text),
}

pub(super) fn el(tag: &'static str) -> Element {
    Element(Box::new(Parts { tag, key: "", attributes: Vec::new(), handler: None, children: Vec::new() }))
}

/// Nothing, in the place of an element.
pub(crate) const fn nothing() -> Node {
    Node::Text(Cow::Borrowed(""))
}

impl Element {
    pub(super) fn key(mut self, key: &'static str) -> Self {
        self.0.key = key;
        self
    }

    pub(super) fn class(self, class: &'static str) -> Self {
        self.set("class", Cow::Borrowed(class))
    }

    /// Sets an attribute; `value`, `checked` and `selected` set the property, which is what the user sees.
    pub(super) fn attr(self, name: &'static str, value: impl Into<Text>) -> Self {
        self.set(name, value.into())
    }

    pub(super) fn attr_if(self, condition: bool, name: &'static str, value: &'static str) -> Self {
        if condition { self.set(name, Cow::Borrowed(value)) } else { self }
    }

    fn set(mut self, name: &'static str, value: Text) -> Self {
        self.0.attributes.push((name, value));
        self
    }

    pub(super) fn on(mut self, event: &'static str, handler: Handler) -> Self {
        self.0.handler = Some((event, handler));
        self
    }

    pub(super) fn child(self, child: impl Into<Node>) -> Self {
        self.push(child.into())
    }

    fn push(mut self, child: Node) -> Self {
        self.0.children.push(child);
        self
    }

    pub(super) fn children(mut self, children: Vec<Element>) -> Self {
        self.0.children.extend(children.into_iter().map(Node::Element));
        self
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Self {
        Self::Element(element)
    }
}

impl From<Option<Element>> for Node {
    fn from(element: Option<Element>) -> Self {
        element.map_or_else(nothing, Self::Element)
    }
}

impl From<&'static str> for Node {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// A node that is there.
pub(super) enum Drawn {
    Element(Box<DrawnElement>),
    Text(web_sys::Text, Text),
}

pub(super) struct DrawnElement {
    element: web_sys::Element,
    tag: &'static str,
    key: &'static str,
    attributes: Vec<(&'static str, Text)>,
    listener: Option<Listener>,
    children: Vec<Drawn>,
}

/// Stays with its element; what it does changes.
struct Listener {
    event: &'static str,
    handler: Rc<RefCell<Shared>>,
    _closure: Closure<dyn Fn(Event)>,
}

impl Drawn {
    /// Draws a node that is not there yet.
    pub(super) fn new(document: &Document, node: Node) -> Self {
        match node {
            Node::Text(text) => Self::Text(document.create_text_node(&text), text),
            Node::Element(element) => Self::Element(Box::new(DrawnElement::new(document, *element.0))),
        }
    }

    /// Makes what is there what should be there.
    pub(super) fn update(&mut self, document: &Document, node: Node) {
        match (&mut *self, node) {
            (Self::Text(drawn, old), Node::Text(text)) => {
                if *old != text {
                    drawn.set_data(&text);
                    *old = text;
                }
            }
            (Self::Element(drawn), Node::Element(Element(parts))) if drawn.is_same(&parts) => {
                drawn.update(document, *parts);
            }
            (_, node) => {
                let new = Self::new(document, node);
                let old = core::mem::replace(self, new);
                let old = old.node();
                if let Some(parent) = old.parent_node() {
                    let _ = parent.replace_child(self.node(), old);
                }
            }
        }
    }

    pub(super) fn node(&self) -> &web_sys::Node {
        match self {
            Self::Element(drawn) => &drawn.element,
            Self::Text(drawn, _) => drawn,
        }
    }
}

impl DrawnElement {
    fn new(document: &Document, parts: Parts) -> Self {
        let namespace = matches!(parts.tag, "svg" | "use").then_some(SVG);
        let element = match namespace {
            Some(_) => document.create_element_ns(namespace, parts.tag),
            None => document.create_element(parts.tag),
        };
        // Not `expect`, which would bring the code along that writes the error.
        let Ok(element) = element else { panic!("every tag is a constant of these screens") };
        let listener = parts.handler.map(|(event, handler)| Listener::new(&element, event, handler));
        let children = Vec::with_capacity(parts.children.len());
        let mut drawn = Self { element, tag: parts.tag, key: parts.key, attributes: Vec::new(), listener, children };
        drawn.set_attributes(parts.attributes);
        drawn.set_children(document, parts.children);
        drawn
    }

    fn is_same(&self, parts: &Parts) -> bool {
        let event = self.listener.as_ref().map(|listener| listener.event);
        self.tag == parts.tag && self.key == parts.key && event == parts.handler.as_ref().map(|(event, _)| *event)
    }

    fn update(&mut self, document: &Document, parts: Parts) {
        if let (Some(listener), Some((_, handler))) = (&self.listener, parts.handler) {
            *listener.handler.borrow_mut() = handler.into();
        }
        self.set_attributes(parts.attributes);
        self.set_children(document, parts.children);
    }

    fn set_attributes(&mut self, attributes: Vec<(&'static str, Text)>) {
        for (name, value) in &attributes {
            match *name {
                // The user changes these too.
                "value" => set_property(&self.element, name, &JsValue::from_str(value)),
                "checked" | "selected" => set_property(&self.element, name, &JsValue::TRUE),
                _ if self.attributes.iter().any(|(old, was)| old == name && was == value) => {}
                _ => {
                    let _ = self.element.set_attribute(name, value);
                }
            }
        }
        for (old, _) in &self.attributes {
            if !attributes.iter().any(|(name, _)| name == old) {
                let _ = self.element.remove_attribute(old);
            }
        }
        self.attributes = attributes;
    }

    fn set_children(&mut self, document: &Document, children: Vec<Node>) {
        while self.children.len() > children.len() {
            if let Some(gone) = self.children.pop() {
                let _ = self.element.remove_child(gone.node());
            }
        }
        for (index, child) in children.into_iter().enumerate() {
            match self.children.get_mut(index) {
                Some(drawn) => drawn.update(document, child),
                None => {
                    let drawn = Drawn::new(document, child);
                    let _ = self.element.append_child(drawn.node());
                    self.children.push(drawn);
                }
            }
        }
    }
}

impl Listener {
    fn new(element: &web_sys::Element, event: &'static str, handler: Handler) -> Self {
        let handler = Rc::new(RefCell::new(Rc::from(handler)));
        let current = Rc::clone(&handler);
        let closure = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            // What it does may draw the page anew, and then something else takes its place.
            let handler: Shared = Rc::clone(&current.borrow());
            handler(&event);
        });
        let _ = element.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        Self { event, handler, _closure: closure }
    }
}

fn set_property(element: &web_sys::Element, name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(element, &JsValue::from_str(name), value);
}

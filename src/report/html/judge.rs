//! For tests: a page as a browser parses it, and whether it is sound.

use std::collections::BTreeSet;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document, tree_builder::TreeBuilderOpts};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use crate::show::harm::assert_harmless;

/// Every element that a page may have.
const ELEMENTS: [&str; 43] = [
    "a",
    "body",
    "caption",
    "code",
    "dd",
    "desc",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "nav",
    "ol",
    "p",
    "path",
    "pre",
    "rect",
    "section",
    "span",
    "strong",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];

/// Every attribute that an element may have: none of them names a file or a program.
const ATTRIBUTES: [&str; 24] = [
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "charset",
    "class",
    "content",
    "d",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "open",
    "preserveAspectRatio",
    "role",
    "scope",
    "style",
    "viewBox",
    "width",
    "x",
    "y",
    "tabindex",
    "colspan",
];

/// An element in the order of the page.
#[derive(Debug)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// The text in it, with that of all below.
    pub text: String,
    /// The names of the elements right in it.
    pub children: Vec<String>,
}

impl Element {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The elements of a page, in which nothing is wrong that a parser notices.
#[track_caller]
pub fn parsed(page: &str) -> Vec<Element> {
    let tree_builder = TreeBuilderOpts { exact_errors: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let dom = parse_document(RcDom::default(), options).one(page);
    let errors = dom.errors.borrow();
    assert!(errors.is_empty(), "{errors:?}\n{page}");
    let mut elements = Vec::new();
    walk(&dom.document, &mut elements);
    elements
}

fn walk(node: &Handle, elements: &mut Vec<Element>) -> String {
    let place = elements.len();
    if let NodeData::Element { name, attrs, .. } = &node.data {
        let attributes = attrs.borrow();
        let attributes =
            attributes.iter().map(|it| (it.name.local.to_string(), it.value.to_string()));
        let children = node.children.borrow();
        let children = children.iter().filter_map(name_of).collect();
        let (name, text) = (name.local.to_string(), String::new());
        elements.push(Element { name, attributes: attributes.collect(), text, children });
    }
    let mut text = match &node.data {
        NodeData::Text { contents } => contents.borrow().to_string(),
        NodeData::Comment { contents } => panic!("a comment: {contents}"),
        _ => String::new(),
    };
    node.children.borrow().iter().for_each(|child| text += &walk(child, elements));
    if matches!(node.data, NodeData::Element { .. }) {
        elements[place].text.clone_from(&text);
    }
    text
}

fn name_of(node: &Handle) -> Option<String> {
    match &node.data {
        NodeData::Element { name, .. } => Some(name.local.to_string()),
        _ => None,
    }
}

/// A page that nothing can be smuggled into, and that everybody can read; gives back its text.
#[track_caller]
pub fn assert_sound(page: &str) -> String {
    let elements = parsed(page);
    assert_harmless(page);
    for element in &elements {
        let Element { name, attributes, .. } = element;
        assert!(ELEMENTS.contains(&name.as_str()), "{element:?}");
        for (name, value) in attributes {
            assert!(ATTRIBUTES.contains(&name.as_str()), "{element:?}");
            assert!(name != "href" || value.starts_with('#'), "{element:?}");
        }
    }
    assert_has_policy(&elements);
    assert_is_in_order(&elements);
    assert_names_lead_somewhere(&elements);
    assert_is_labelled(&elements);
    elements.into_iter().find(|element| element.name == "body").expect("a body").text
}

/// It comes before everything that it is about.
fn assert_has_policy(elements: &[Element]) {
    let policy = elements
        .iter()
        .position(|it| it.attribute("http-equiv") == Some("Content-Security-Policy"));
    let style = elements.iter().position(|it| it.name == "style");
    assert!(policy.is_some() && policy < style, "{policy:?} {style:?}");
    let content = policy.and_then(|at| elements[at].attribute("content")).unwrap_or_default();
    assert!(content.starts_with("default-src 'none';"), "{content}");
}

/// One heading of the first level, and none that skips one.
fn assert_is_in_order(elements: &[Element]) {
    let levels = elements.iter().filter_map(|it| it.name.strip_prefix('h')?.parse::<u8>().ok());
    let levels: Vec<u8> = levels.collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{levels:?}");
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "{levels:?}");
    for only in ["main", "style", "nav"] {
        assert!(elements.iter().filter(|it| it.name == only).count() <= 1, "{only}");
    }
    assert!(elements.iter().any(|it| it.name == "main"));
}

fn assert_names_lead_somewhere(elements: &[Element]) {
    let ids: Vec<&str> = elements.iter().filter_map(|it| it.attribute("id")).collect();
    let set: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), set.len(), "{ids:?}");
    for element in elements {
        let named = element.attribute("href").and_then(|href| href.strip_prefix('#'));
        for id in named.into_iter().chain(element.attribute("aria-labelledby")) {
            assert!(set.contains(id), "{element:?}");
        }
    }
}

/// Tables have heads that say of what they are; a drawing says what it shows; nothing is without words.
fn assert_is_labelled(elements: &[Element]) {
    for element in elements {
        let first = element.children.first().map(String::as_str);
        match element.name.as_str() {
            "html" => assert_eq!(element.attribute("lang"), Some("en")),
            "th" => assert!(element.attribute("scope").is_some(), "{element:?}"),
            "details" => assert_eq!(first, Some("summary"), "{element:?}"),
            "svg" if element.attribute("role") == Some("img") => {
                assert_eq!(element.children[..2], ["title", "desc"], "{element:?}");
            }
            "a" | "summary" | "h1" | "h2" | "h3" | "h4" | "title" | "dt" => {
                assert!(!element.text.trim().is_empty(), "{element:?}");
            }
            _ => {}
        }
    }
}

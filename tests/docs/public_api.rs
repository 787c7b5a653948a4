//! docs/public-api.txt lists what programs that embed the library rely upon: the items of the crate's first
//! page and of its module `json`, with every field, variant, method and trait. So a change of them is seen.
//!
//!     UPDATE_PUBLIC_API=1 cargo test --test docs public_api

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Fields, ImplItem, Item, ItemImpl, TraitItem, Visibility};

use super::house::{House, Module, Place};
use super::{root, text_of};

const LIST: &str = "docs/public-api.txt";

/// An item by the file of its home, and its name there.
type Home = (Place, String);

#[test]
fn the_list_of_the_public_items_is_what_the_source_has() {
    let source = Source::read();
    let hidden = source.without_a_name();
    assert!(
        hidden.is_empty(),
        "a program cannot write down these types, which are not exported: {hidden:#?}"
    );
    let listed = source.public_api();
    if std::env::var_os("UPDATE_PUBLIC_API").is_some() {
        std::fs::write(root().join(LIST), &listed).unwrap();
    }
    assert!(listed.lines().count() > 500, "{listed}");
    let kept = text_of(LIST);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (new, old) = (lines(&listed), lines(&kept));
    let (added, gone): (Vec<_>, Vec<_>) =
        (new.difference(&old).collect(), old.difference(&new).collect());
    assert!(
        listed == kept,
        "the public items changed: say so in CHANGELOG.md, then UPDATE_PUBLIC_API=1 cargo test --test docs \
         public_api\nadded: {added:#?}\ngone: {gone:#?}"
    );
}

/// The source of the library, read.
struct Source {
    house: House,
    /// Every item by its home, those that macros make among them.
    items: BTreeMap<Home, Item>,
    /// What is said of each type in an `impl`, with the file where it stands.
    impls: BTreeMap<Home, Vec<(Place, ItemImpl)>>,
}

/// A line of the list, and the lines of its parts.
#[derive(Default)]
struct Entry {
    line: String,
    traits: BTreeSet<String>,
    parts: Vec<String>,
}

impl Source {
    fn read() -> Self {
        let mut source =
            Self { house: House::read(), items: BTreeMap::new(), impls: BTreeMap::new() };
        let mut impls = Vec::new();
        // The program is no part of the library.
        for module in source.house.modules.values().filter(|it| it.place[0] != "cli") {
            for item in items_of(module) {
                match (ident_of(&item).map(ToString::to_string), item) {
                    (Some(name), item) => {
                        source.items.insert((module.place.clone(), name), item);
                    }
                    (None, Item::Impl(it)) => impls.push((module.place.clone(), it)),
                    _ => {}
                }
            }
        }
        for (place, it) in impls {
            let syn::Type::Path(path) = &*it.self_ty else { continue };
            if let Some(home) = source.home_of(&place, &path.path) {
                source.impls.entry(home).or_default().push((place, it));
            }
        }
        source
    }

    /// What is exported under which path: in `lib.rs`, and in `json`.
    fn exported(&self) -> BTreeMap<String, Home> {
        let mut exported = BTreeMap::new();
        for (name, place) in Module::root().handed_on {
            if name != "json" {
                let home = self.at(&place);
                exported.insert(name, home);
            }
        }
        let json = &self.house.modules[&vec!["api".to_owned(), "json".to_owned()]];
        for (name, place) in &json.handed_on {
            exported.insert(format!("json::{name}"), self.at(place));
        }
        exported
    }

    fn at(&self, place: &Place) -> Home {
        let (module, name) = self.house.home_of_item(place).expect("a file");
        (module.place.clone(), name)
    }

    fn public_api(&self) -> String {
        let mut list = String::from("# What tests/docs/public_api.rs found in the source.\n");
        let exported = self.exported();
        let at_the_root = |home: &Home| {
            let mut root = exported.iter().filter(|(path, _)| !path.contains("::"));
            root.find(|(_, other)| *other == home).map(|(name, _)| name)
        };
        for (path, home) in &exported {
            let twice = path.strip_prefix("json::").and(at_the_root(home));
            if let Some(name) = twice {
                writeln!(list, "\n{path} = {name}").unwrap();
                continue;
            }
            let entry = self.entry(home);
            let traits = entry.traits.into_iter().collect::<Vec<_>>().join(" + ");
            writeln!(list, "\n{path}: {}", entry.line).unwrap();
            if !traits.is_empty() {
                writeln!(list, "    is {traits}").unwrap();
            }
            for part in entry.parts {
                writeln!(list, "    {part}").unwrap();
            }
        }
        list
    }

    fn item(&self, home: &Home) -> &Item {
        self.items.get(home).unwrap_or_else(|| panic!("{} is not in {}", home.1, home.0.join("/")))
    }

    fn impls_of(&self, home: &Home) -> impl Iterator<Item = &(Place, ItemImpl)> {
        self.impls.get(home).into_iter().flatten()
    }

    fn entry(&self, home: &Home) -> Entry {
        let item = self.item(home);
        let mut entry = Entry { line: head_of(item), ..Entry::default() };
        match item {
            Item::Struct(it) => entry.fields(&it.fields),
            Item::Enum(it) => entry.parts.extend(it.variants.iter().map(|variant| {
                let mut variant = variant.clone();
                variant.attrs.clear();
                variant.fields.iter_mut().for_each(|field| field.attrs.clear());
                text(&variant)
            })),
            Item::Trait(it) => entry.parts.extend(it.items.iter().map(trait_part)),
            _ => {}
        }
        entry.traits.extend(derived(item));
        for (_, item) in self.impls_of(home) {
            match &item.trait_ {
                Some((_, path, _)) => {
                    entry.traits.insert(text(&path.segments.last().to_token_stream()));
                }
                None => entry.parts.extend(methods_of(item)),
            }
        }
        entry
    }

    /// The home of what a file calls by a path; `None` where that is no item of this crate.
    fn home_of(&self, place: &Place, path: &syn::Path) -> Option<Home> {
        let names: Place = path.segments.iter().map(|it| it.ident.to_string()).collect();
        if let [name] = names.as_slice() {
            let own = (place.clone(), name.clone());
            if self.items.contains_key(&own) {
                return Some(own);
            }
        }
        let (module, name) =
            self.house.home_of_item(&self.house.modules[place].place_of(&names)?)?;
        let home = (module.place.clone(), name);
        self.items.contains_key(&home).then_some(home)
    }

    /// What public items name and is not exported: whoever gets it cannot write its name down.
    fn without_a_name(&self) -> BTreeSet<String> {
        let exported = self.exported();
        let homes: BTreeSet<&Home> = exported.values().collect();
        let mut hidden = BTreeSet::new();
        for home in &homes {
            let named = self.named_by(home).into_iter().filter(|named| !homes.contains(named));
            hidden.extend(named.map(|named| format!("{} in {}", named.1, home.1)));
        }
        hidden
    }

    /// The items of this crate that an item names in what of it is public.
    fn named_by(&self, home: &Home) -> BTreeSet<Home> {
        let mut paths = Paths::default();
        paths.item(self.item(home));
        let mut named: BTreeSet<Home> =
            paths.0.iter().filter_map(|path| self.home_of(&home.0, path)).collect();
        for (place, it) in self.impls_of(home).filter(|(_, it)| it.trait_.is_none()) {
            let mut paths = Paths::default();
            it.items.iter().for_each(|item| paths.method(item));
            named.extend(paths.0.iter().filter_map(|path| self.home_of(place, path)));
        }
        named
    }
}

/// The paths of the types that something public names.
#[derive(Default)]
struct Paths(Vec<syn::Path>);

impl Paths {
    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(it) => {
                it.fields
                    .iter()
                    .filter(|it| is_public(&it.vis))
                    .for_each(|it| self.visit_type(&it.ty));
            }
            Item::Enum(it) => it.variants.iter().for_each(|it| self.visit_fields(&it.fields)),
            Item::Fn(it) => self.visit_signature(&it.sig),
            Item::Trait(it) => it.items.iter().for_each(|item| {
                if let TraitItem::Fn(it) = item {
                    self.visit_signature(&it.sig);
                }
            }),
            Item::Type(it) => self.visit_type(&it.ty),
            _ => {}
        }
    }

    fn method(&mut self, item: &ImplItem) {
        match item {
            ImplItem::Fn(it) if is_shown(&it.vis, &it.attrs) => self.visit_signature(&it.sig),
            ImplItem::Const(it) if is_shown(&it.vis, &it.attrs) => self.visit_type(&it.ty),
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.0.push(path.clone());
        syn::visit::visit_path(self, path);
    }
}

impl Entry {
    fn fields(&mut self, fields: &Fields) {
        for (number, field) in fields.iter().enumerate() {
            if is_public(&field.vis) {
                let name = field.ident.as_ref().map_or(number.to_string(), ToString::to_string);
                self.parts.push(format!("{name}: {}", text(&field.ty)));
            }
        }
    }
}

/// The kind of an item and what it is given; not its parts.
fn head_of(item: &Item) -> String {
    let growing = if is_non_exhaustive(item) { "growing " } else { "" };
    match item {
        Item::Struct(it) => format!("{growing}struct{}", text(&it.generics)),
        Item::Enum(it) => format!("{growing}enum{}", text(&it.generics)),
        Item::Trait(it) => format!("trait: {}", text(&it.supertraits)),
        Item::Fn(it) => text(&it.sig),
        Item::Type(it) => format!("type{} = {}", text(&it.generics), text(&it.ty)),
        Item::Const(it) => format!("const: {}", text(&it.ty)),
        other => panic!("nobody said how to list this: {}", text(other)),
    }
}

fn trait_part(item: &TraitItem) -> String {
    match item {
        TraitItem::Fn(it) if it.default.is_some() => format!("{} {{ .. }}", text(&it.sig)),
        TraitItem::Fn(it) => text(&it.sig),
        other => text(other),
    }
}

fn methods_of(item: &ItemImpl) -> impl Iterator<Item = String> {
    item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(it) if is_shown(&it.vis, &it.attrs) => {
            Some(text(&it.sig).replace("(mut self", "(self"))
        }
        ImplItem::Const(it) if is_shown(&it.vis, &it.attrs) => {
            Some(format!("const {}: {}", it.ident, text(&it.ty)))
        }
        _ => None,
    })
}

fn attributes_of(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Struct(it) => &it.attrs,
        Item::Enum(it) => &it.attrs,
        _ => &[],
    }
}

fn is_non_exhaustive(item: &Item) -> bool {
    attributes_of(item).iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

fn derived(item: &Item) -> Vec<String> {
    let derives = attributes_of(item).iter().filter(|it| it.path().is_ident("derive"));
    let mut names = Vec::new();
    for derive in derives {
        derive
            .parse_nested_meta(|meta| {
                names.extend(meta.path.segments.last().map(|it| it.ident.to_string()));
                Ok(())
            })
            .unwrap();
    }
    names
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Public, and not hidden in the documentation.
fn is_shown(visibility: &Visibility, attributes: &[syn::Attribute]) -> bool {
    let is_hidden =
        |it: &syn::Attribute| it.path().is_ident("doc") && it.meta.require_list().is_ok();
    is_public(visibility) && !attributes.iter().any(is_hidden)
}

fn ident_of(item: &Item) -> Option<&syn::Ident> {
    match item {
        Item::Struct(it) => Some(&it.ident),
        Item::Enum(it) => Some(&it.ident),
        Item::Trait(it) => Some(&it.ident),
        Item::Fn(it) => Some(&it.sig.ident),
        Item::Type(it) => Some(&it.ident),
        Item::Const(it) => Some(&it.ident),
        _ => None,
    }
}

/// Tokens as one line, spaced as rustfmt has them.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string().replace('\n', " ");
    for (spaced, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        (" > ", "> "),
        (" >", ">"),
        ("< ", "<"),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (",)", ")"),
        (" :", ":"),
        ("[ ", "["),
        (" ]", "]"),
        ("' ", "'"),
        (" ;", ";"),
        ("> )", ">)"),
        ("> ,", ">,"),
        ("->(", "-> ("),
    ] {
        while text.contains(spaced) {
            text = text.replace(spaced, tight);
        }
    }
    text
}

/// The items of a file, and those that its own macros make.
fn items_of(module: &Module) -> Vec<Item> {
    let macros: BTreeMap<String, TokenStream> = module.items.iter().filter_map(own_macro).collect();
    let mut items = Vec::new();
    for item in module.items.clone() {
        match item {
            Item::Macro(call) if call.ident.is_none() => {
                if let Some(made) = macros.get(&text(&call.mac.path)) {
                    items.extend(table(made.clone(), call.mac.tokens));
                }
            }
            Item::Impl(mut it) => {
                it.items = it.items.into_iter().flat_map(|item| part(&macros, item)).collect();
                items.push(Item::Impl(it));
            }
            item => items.push(item),
        }
    }
    items
}

/// What the only rule of a macro makes.
fn own_macro(item: &Item) -> Option<(String, TokenStream)> {
    let Item::Macro(it) = item else { return None };
    let made = it.mac.tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    Some((it.ident.as_ref()?.to_string(), made.last()?))
}

/// A macro within an `impl` stands for methods, and is given nothing.
fn part(macros: &BTreeMap<String, TokenStream>, item: ImplItem) -> Vec<ImplItem> {
    let ImplItem::Macro(call) = &item else { return vec![item] };
    let Some(made) = macros.get(&text(&call.mac.path)) else { return vec![item] };
    let made: ItemImpl = syn::parse2(quote::quote!(impl It { #made })).unwrap();
    made.items
}

/// A macro that is given a table makes an enumeration of the first words of its rows, and what belongs to it. Here
/// what it repeats for each row is left out, but for the variants.
fn table(made: TokenStream, rows: TokenStream) -> Vec<Item> {
    let Ok(mut file) = syn::parse2::<syn::File>(without_repetition(made)) else {
        return Vec::new();
    };
    let mut is_first = true;
    let variants = rows.into_iter().filter(|token| {
        let ends = matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';');
        std::mem::replace(&mut is_first, ends)
    });
    let variants: Vec<_> = variants.collect();
    for item in &mut file.items {
        if let Item::Enum(it) = item {
            it.variants = syn::parse_quote!(#(#variants),*);
        }
    }
    file.items
}

fn without_repetition(tokens: TokenStream) -> TokenStream {
    let mut kept = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '$' => {
                tokens.next();
                // Up to the sign that says how often.
                while let Some(TokenTree::Punct(mark)) = tokens.peek() {
                    let ends = mark.as_char() == '*';
                    tokens.next();
                    if ends {
                        break;
                    }
                }
            }
            TokenTree::Group(group) => {
                let inner = without_repetition(group.stream());
                kept.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
            }
            token => kept.extend([token]),
        }
    }
    kept
}

//! The source as a house: its files as modules, what each of them hands on, and where a name is at home.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::Visit;
use syn::{Item, ItemMod, ItemUse, UseTree, VisRestricted, Visibility};

use super::{root, source_files, text_of};

/// A path from the root of the crate, without the word `crate`.
pub type Place = Vec<String>;

/// A file of the source as a module.
#[derive(Default)]
pub struct Module {
    pub place: Place,
    /// The file is the `mod.rs` of its folder.
    pub is_folder: bool,
    /// What it hands on under a name of its own.
    pub handed_on: BTreeMap<String, Place>,
    /// What it brings in for itself, by the name that it has here.
    imported: BTreeMap<String, Place>,
    /// What stands in it.
    pub items: Vec<Item>,
    /// What its code names elsewhere in the crate.
    pub named: BTreeSet<Place>,
}

impl Module {
    fn read(file: &Path) -> Self {
        let inside = file.strip_prefix(root().join("src")).unwrap().with_extension("");
        let mut place: Place =
            inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
        let is_folder = place.last().is_some_and(|name| name == "mod");
        if is_folder {
            place.pop();
        }
        let mut module = Self { place, is_folder, ..Self::default() };
        let code = std::fs::read_to_string(file).unwrap();
        let parsed = syn::parse_file(&code).unwrap();
        module.visit_file(&parsed);
        Self { items: parsed.items, ..module }
    }

    /// The root of the crate, which is in no room.
    pub fn root() -> Self {
        let mut module = Self { is_folder: true, ..Self::default() };
        module.visit_file(&syn::parse_file(&text_of("src/lib.rs")).unwrap());
        module
    }

    /// What its code calls by a path, from the root of the crate; `None` where that leads out of the crate.
    pub fn place_of(&self, path: &[String]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let brought = || self.imported.get(first).or_else(|| self.handed_on.get(first));
        self.place_from_root(path).or_else(|| Some([brought()?.as_slice(), rest].concat()))
    }

    /// A path of its code from the root of the crate; `None` where it leads out of the crate, or is relative
    /// to a name that was imported.
    fn place_from_root(&self, path: &[String]) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([&self.place, rest].concat()),
            "super" => {
                let up = path.iter().take_while(|name| *name == "super").count();
                let above = &self.place[..self.place.len().checked_sub(up)?];
                Some([above, &path[up..]].concat())
            }
            _ => None,
        }
    }

    /// A name that a `use` brings, with its path; in the file of a folder that path may begin with a module
    /// beside it.
    fn import(&mut self, path: &[String], name: &str, is_handed_on: bool) {
        let in_folder = || self.is_folder.then(|| [&self.place, path].concat());
        let Some(place) = self.place_from_root(path).or_else(in_folder) else { return };
        if is_handed_on {
            self.handed_on.insert(name.to_owned(), place);
        } else {
            self.named.insert(place.clone());
            self.imported.insert(name.to_owned(), place);
        }
    }

    fn import_tree(&mut self, before: &[String], tree: &UseTree, is_handed_on: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => {
                self.import_tree(&with(&path.ident), &path.tree, is_handed_on);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import_tree(before, tree, is_handed_on));
            }
            UseTree::Name(it) if it.ident == "self" => self.import(before, "self", is_handed_on),
            UseTree::Name(it) => self.import(&with(&it.ident), &it.ident.to_string(), is_handed_on),
            UseTree::Rename(it) => {
                self.import(&with(&it.ident), &it.rename.to_string(), is_handed_on);
            }
            UseTree::Glob(_) => self.import(before, "*", is_handed_on),
        }
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_handed_on = !matches!(item.vis, Visibility::Inherited);
        self.import_tree(&[], &item.tree, is_handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Place = path.segments.iter().map(|one| one.ident.to_string()).collect();
        self.named.extend(self.place_from_root(&names).filter(|_| names.len() > 1));
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        // Modules inside of a file are tests.
        if item.content.is_none() {
            syn::visit::visit_item_mod(self, item);
        }
    }

    /// `pub(in ...)` names a folder, and imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

/// The source.
pub struct House {
    pub modules: BTreeMap<Place, Module>,
}

impl House {
    pub fn read() -> Self {
        let rooms =
            rooms().into_iter().flat_map(|room| source_files(&root().join("src").join(room)));
        let modules = rooms.map(|file| Module::read(&file));
        Self { modules: modules.map(|module| (module.place.clone(), module)).collect() }
    }

    /// The file in which a path ends, through every file that hands the name on.
    pub fn home(&self, place: &Place) -> Option<&Module> {
        let lengths = (1..=place.len()).rev();
        let (length, module) =
            lengths.filter_map(|n| Some((n, self.modules.get(&place[..n])?))).next()?;
        let (name, rest) = place[length..].split_first().unzip();
        match name.and_then(|name| module.handed_on.get(name)) {
            Some(further) => self.home(&[further, rest.unwrap_or_default()].concat()),
            None => Some(module),
        }
    }

    /// The file of an item, and its name there. A module may have the name of an item.
    pub fn home_of_item(&self, place: &[String]) -> Option<(&Module, String)> {
        let (name, module) = place.split_last()?;
        let module = self.modules.get(module)?;
        match module.handed_on.get(name) {
            Some(further) => self.home_of_item(further),
            None => Some((module, name.clone())),
        }
    }
}

/// The rooms of the source in the order of the table, from `ese` to `cli`.
pub fn rooms() -> Vec<String> {
    let page = text_of("docs/architecture.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `src/"));
    rows.map(|row| row.split(['`', '.']).next().unwrap().to_owned()).collect()
}

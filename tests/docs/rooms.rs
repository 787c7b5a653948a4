//! The rooms of the source are as docs/architecture.md says: no import runs upward in its table, and inside
//! of a room no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::Visit;
use syn::{ItemMod, ItemUse, UseTree, VisRestricted, Visibility};

use super::{root, source_files, text_of};

/// A path from the root of the crate, without the word `crate`.
type Place = Vec<String>;

/// A file of the source as a module.
#[derive(Default)]
struct Module {
    place: Place,
    /// The file is the `mod.rs` of its folder.
    is_folder: bool,
    /// What it hands on under a name of its own.
    handed_on: BTreeMap<String, Place>,
    /// What its code names elsewhere in the crate.
    named: BTreeSet<Place>,
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
        module.visit_file(&syn::parse_file(&code).unwrap());
        module
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
            self.named.insert(place);
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
struct House {
    modules: BTreeMap<Place, Module>,
}

impl House {
    fn read() -> Self {
        let rooms =
            rooms().into_iter().flat_map(|room| source_files(&root().join("src").join(room)));
        let modules = rooms.map(|file| Module::read(&file));
        Self { modules: modules.map(|module| (module.place.clone(), module)).collect() }
    }

    /// The file in which a path ends, through every file that hands the name on.
    fn home(&self, place: &Place) -> Option<&Module> {
        let lengths = (1..=place.len()).rev();
        let (length, module) =
            lengths.filter_map(|n| Some((n, self.modules.get(&place[..n])?))).next()?;
        let (name, rest) = place[length..].split_first().unzip();
        match name.and_then(|name| module.handed_on.get(name)) {
            Some(further) => self.home(&[further, rest.unwrap_or_default()].concat()),
            None => Some(module),
        }
    }

    /// The other files of its own room that a file imports.
    fn neighbours(&self, module: &Module) -> BTreeSet<&Place> {
        // Only the file of a folder hands on without using it.
        let handed_on = module.handed_on.values().filter(|_| !module.is_folder);
        let homes = module.named.iter().chain(handed_on).filter_map(|place| self.home(place));
        let others =
            homes.filter(|home| home.place[0] == module.place[0] && home.place != module.place);
        others.map(|home| &home.place).collect()
    }

    /// The files that are in a circle: what is left when those that import no other are taken out, again and
    /// again, and then those that no other imports.
    fn circles(&self) -> BTreeMap<&Place, BTreeSet<&Place>> {
        let mut left: BTreeMap<_, _> =
            self.modules.values().map(|it| (&it.place, self.neighbours(it))).collect();
        loop {
            let count = left.len();
            left.retain(|_, neighbours| !neighbours.is_empty());
            let imported: BTreeSet<_> = left.values().flatten().copied().collect();
            left.retain(|place, _| imported.contains(place));
            let rest: BTreeSet<_> = left.keys().copied().collect();
            left.values_mut().for_each(|neighbours| neighbours.retain(|it| rest.contains(it)));
            if left.len() == count {
                return left;
            }
        }
    }
}

/// The rooms of the source in the order of the table, from `ese` to `cli`.
fn rooms() -> Vec<String> {
    let page = text_of("docs/architecture.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `src/"));
    rows.map(|row| row.split(['`', '.']).next().unwrap().to_owned()).collect()
}

#[test]
fn no_import_runs_upward_in_the_table_of_the_rooms() {
    let rooms = rooms();
    let modules = text_of("src/lib.rs");
    let modules = modules
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    assert_eq!(BTreeSet::from_iter(modules.map(str::to_owned)), rooms.iter().cloned().collect());
    let floor_of = |name: &str| rooms.iter().position(|room| room == name);
    let mut imports = 0;
    for module in House::read().modules.values() {
        let floor = floor_of(&module.place[0]);
        for name in module.named.iter().chain(module.handed_on.values()) {
            let above = name.first().and_then(|room| floor_of(room));
            assert!(above <= floor, "{}: {}", module.place.join("/"), name.join("::"));
            imports += 1;
        }
    }
    assert!(imports > 1000, "only {imports} imports were found");
}

#[test]
fn no_files_of_a_room_import_each_other_in_a_circle() {
    let house = House::read();
    let neighbours: usize = house.modules.values().map(|it| house.neighbours(it).len()).sum();
    assert!(neighbours > 500, "only {neighbours} imports inside of rooms were found");
    let circles = house.circles();
    let shown = circles.iter().map(|(place, neighbours)| {
        let neighbours: Vec<_> = neighbours.iter().map(|it| it.join("/")).collect();
        format!("{} imports {}\n", place.join("/"), neighbours.join(", "))
    });
    assert!(circles.is_empty(), "\n{}", shown.collect::<String>());
}

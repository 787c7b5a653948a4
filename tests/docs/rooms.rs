//! The rooms of the source are as docs/architecture.md says: no import runs upward in its table, and inside
//! of a room no files import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::house::{House, Module, Place, rooms};
use super::text_of;

impl House {
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

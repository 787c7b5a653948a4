//! The steps of a plan, however many there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::ese::log_body::LogVerdict;

use super::{ResetPlan, Step};

/// The steps of one plan; in JSON a list of [`Step`]s.
///
/// A log reset may have a hundred thousand. They are not kept, but made one by one as they are asked
/// for.
#[derive(Clone, Debug)]
pub struct Steps(Kept);

#[derive(Clone, Debug)]
enum Kept {
    Each(Vec<Step>),
    Moves(Arc<ResetPlan>),
}

impl Steps {
    /// The steps of a log reset, or of its undo.
    pub(crate) fn of_moves(plan: &Arc<ResetPlan>) -> Self {
        Self(Kept::Moves(Arc::clone(plan)))
    }

    /// Takes in what is known by now of the bodies of logs that move.
    pub(crate) fn learn(&mut self, bodies: &BTreeMap<String, LogVerdict>) {
        if let Kept::Moves(plan) = &mut self.0
            && !bodies.is_empty()
        {
            Arc::make_mut(plan).learn(bodies);
        }
    }

    /// The plan of a log reset, or of its undo.
    pub(crate) fn moves(&self) -> Option<&ResetPlan> {
        match &self.0 {
            Kept::Each(_) => None,
            Kept::Moves(plan) => Some(plan),
        }
    }

    /// All steps but moves.
    pub(crate) fn of_header(&self) -> &[Step] {
        match &self.0 {
            Kept::Each(steps) => steps,
            Kept::Moves(_) => &[],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Kept::Each(steps) => steps.len(),
            Kept::Moves(plan) => plan.file_count(),
        }
    }

    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each step, in order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = Cow<'_, Step>> + '_> {
        match &self.0 {
            Kept::Each(steps) => Box::new(steps.iter().map(Cow::Borrowed)),
            Kept::Moves(plan) => Box::new(plan.steps().map(Cow::Owned)),
        }
    }
}

impl From<Vec<Step>> for Steps {
    fn from(steps: Vec<Step>) -> Self {
        Self(Kept::Each(steps))
    }
}

impl Default for Steps {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl JsonSchema for Steps {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Steps".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<Step>>::json_schema(generator)
    }
}

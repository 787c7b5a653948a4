//! The JSON Schema of `--json`, from the types that are serialised.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};

use super::Document;

/// The JSON Schema (draft 2020-12) of what `--json` prints. Objects are closed: a key that is not
/// listed is an error, so that a validation can fail.
pub fn json_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(Closed);
    settings.into_generator().into_root_schema_for::<Document>().into()
}

/// Closes every object that lists its keys.
#[derive(Clone)]
struct Closed;

impl Transform for Closed {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".into(), false.into());
        }
    }
}

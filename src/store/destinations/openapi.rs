//! What PostgREST says of its tables: an OpenAPI 2 document at its root.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::table::{Column, Kind, Table};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    definitions: HashMap<String, Definition>,
    #[serde(default)]
    paths: HashMap<String, HashMap<String, IgnoredAny>>,
}

#[derive(Deserialize)]
struct Definition {
    /// The columns that are not null.
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    properties: serde_json::Map<String, Value>,
}

/// The table of that name, or `None`.
///
/// # Errors
/// Where the text is no such document.
pub(super) fn table(document: &[u8], name: &str) -> Result<Option<Table>, serde_json::Error> {
    let mut document: Document = serde_json::from_slice(document)?;
    let Some(definition) = document.definitions.remove(name) else {
        return Ok(None);
    };
    let can_insert = document
        .paths
        .get(&format!("/{name}"))
        .is_some_and(|methods| methods.contains_key("post"));
    let column = |(name, property): (&String, &Value)| column(name, property, &definition.required);
    Ok(Some(Table {
        name: name.to_owned(),
        columns: definition.properties.iter().map(column).collect(),
        // Of unique indexes it tells the primary key alone.
        unique: None,
        read_only: (!can_insert)
            .then(|| "PostgREST does not offer inserts into it; grant them to the role of the key".to_owned()),
    }))
}

fn column(name: &str, property: &Value, required: &[String]) -> Column {
    let text = |key: &str| property.get(key).and_then(Value::as_str);
    let type_name = text("format").or_else(|| text("type")).unwrap_or_default().to_owned();
    let longest = property
        .get("maxLength")
        .and_then(Value::as_u64)
        .and_then(|longest| usize::try_from(longest).ok());
    let words = property.get("enum").and_then(Value::as_array);
    let kind = match (words, Kind::of_postgres(&type_name)) {
        (Some(words), _) => Kind::Enum(words.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        (None, Kind::Text(_)) => Kind::Text(longest),
        (None, other) => other,
    };
    Column {
        name: name.to_owned(),
        cast: None,
        kind,
        type_name,
        nullable: !required.iter().any(|column| column == name),
        has_default: property.get("default").is_some(),
        read_only: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_read_from_the_document() {
        let document = json!({
            "swagger": "2.0",
            "paths": {"/company_x": {"get": {}, "post": {}}, "/a_view": {"get": {"tags": ["a_view"]}}},
            "definitions": {
                "company_x": {
                    "required": ["id", "mood"],
                    "properties": {
                        "id": {"default": "gen_random_uuid()", "format": "uuid", "type": "string",
                               "description": "Note:\nThis is a Primary Key.<pk/>"},
                        "name": {"format": "character varying", "maxLength": 20, "type": "string"},
                        "tags": {"format": "text[]", "type": "array", "items": {"type": "string"}},
                        "mood": {"enum": ["hot", "cold"], "format": "public.mood", "type": "string"},
                        "data": {"format": "jsonb"},
                    },
                    "type": "object",
                },
                "a_view": {"properties": {"id": {"format": "uuid"}}},
            },
        });
        let document = serde_json::to_vec(&document).unwrap();
        let found = table(&document, "company_x").unwrap().unwrap();
        let kinds: Vec<&Kind> = found.columns.iter().map(|column| &column.kind).collect();
        let mood = Kind::Enum(vec!["hot".to_owned(), "cold".to_owned()]);
        let tags = Kind::List(Box::new(Kind::Text(None)));
        assert_eq!(
            kinds,
            [
                &Kind::Uuid,
                &Kind::Text(Some(20)),
                &tags,
                &mood,
                &Kind::Json { binary: true }
            ]
        );
        assert!(found.columns[0].has_default && !found.columns[0].nullable);
        assert!(found.columns[1].nullable && !found.columns[3].nullable);
        assert_eq!(found.read_only, None);
        assert!(table(&document, "a_view").unwrap().unwrap().read_only.is_some());
        assert_eq!(table(&document, "company_y").unwrap(), None);
        assert!(table(b"<html>", "company_x").is_err());
    }
}

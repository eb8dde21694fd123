//! The description of the tables at the root, in Swagger 2 as PostgREST writes it.

use serde_json::{Map, Value, json};

use super::schema::{Column, ColumnDefault, Table};
use super::values::length;

/// Describes the tables of a schema.
pub(super) fn document<'a>(host: &str, tables: impl Iterator<Item = &'a Table>) -> Value {
    let mut definitions = Map::new();
    let mut paths = Map::new();
    paths.insert("/".to_owned(), json!({ "get": { "tags": ["Introspection"] } }));
    for table in tables {
        definitions.insert(table.name.clone(), definition(table));
        let tags = json!({ "tags": [table.name] });
        paths.insert(format!("/{}", table.name), json!({ "get": tags, "post": tags }));
    }
    json!({
        "swagger": "2.0",
        "info": { "title": "standard public schema", "description": "", "version": "12.2.3" },
        "host": host,
        "basePath": "/rest/v1/",
        "schemes": ["http"],
        "consumes": ["application/json", "text/csv"],
        "produces": ["application/json"],
        "paths": paths,
        "definitions": definitions,
    })
}

fn definition(table: &Table) -> Value {
    let properties: Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), property(column)))
        .collect();
    let required: Vec<&str> = table
        .columns
        .iter()
        .filter(|column| !column.nullable)
        .map(|column| column.name.as_str())
        .collect();
    let mut definition = Map::new();
    if !required.is_empty() {
        definition.insert("required".to_owned(), json!(required));
    }
    definition.insert("properties".to_owned(), Value::Object(properties));
    definition.insert("type".to_owned(), json!("object"));
    Value::Object(definition)
}

fn property(column: &Column) -> Value {
    let mut property = Map::new();
    let name = column.pg_type.split('(').next().unwrap_or_default();
    property.insert("format".to_owned(), json!(name));
    if let Some(element) = name.strip_suffix("[]") {
        property.insert("type".to_owned(), json!("array"));
        property.insert(
            "items".to_owned(),
            json!({ "type": swagger_type(element).unwrap_or("string") }),
        );
    } else if let Some(swagger_type) = swagger_type(name) {
        property.insert("type".to_owned(), json!(swagger_type));
    }
    if let Some(most) = length(&column.pg_type).filter(|_| name.starts_with("character")) {
        property.insert("maxLength".to_owned(), json!(most));
    }
    match &column.default {
        Some(ColumnDefault::Value(value)) => property.insert("default".to_owned(), value.clone()),
        Some(ColumnDefault::Now) => property.insert("default".to_owned(), json!("now()")),
        Some(ColumnDefault::Uuid) => property.insert("default".to_owned(), json!("gen_random_uuid()")),
        Some(ColumnDefault::Serial) | None => None,
    };
    let mut notes = Vec::new();
    if column.primary {
        notes.push("This is a Primary Key.<pk/>".to_owned());
    }
    if let Some((table, target)) = &column.references {
        notes.push(format!(
            "This is a Foreign Key to `{table}.{target}`.<fk table='{table}' column='{target}'/>"
        ));
    }
    if !notes.is_empty() {
        property.insert("description".to_owned(), json!(format!("Note:\n{}", notes.join("\n"))));
    }
    Value::Object(property)
}

fn swagger_type(name: &str) -> Option<&'static str> {
    match name {
        "json" | "jsonb" => None,
        "boolean" => Some("boolean"),
        "smallint" | "integer" | "bigint" => Some("integer"),
        "numeric" | "real" | "double precision" => Some("number"),
        _ => Some("string"),
    }
}

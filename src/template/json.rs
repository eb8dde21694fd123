use std::io;

use serde_json::{Map, Value};

use super::{Context, Room, TemplateError, Templates};

/// How deep a value of templates may be.
const DEEPEST: usize = 64;
/// Templates that one value may hold.
const MOST: usize = 10_000;

pub(super) fn render(
    templates: &Templates,
    source: &Value,
    context: &Context,
    room: &mut Room,
) -> Result<Value, TemplateError> {
    let mut left = MOST;
    Rendering {
        templates,
        context,
        room,
        left: &mut left,
    }
    .value(source, 0)
}

struct Rendering<'a> {
    templates: &'a Templates,
    context: &'a Context,
    room: &'a mut Room,
    left: &'a mut usize,
}

impl Rendering<'_> {
    fn value(&mut self, source: &Value, depth: usize) -> Result<Value, TemplateError> {
        if depth > DEEPEST {
            return Err(TemplateError::Failed(format!("it is nested more than {DEEPEST} deep")));
        }
        Ok(match source {
            Value::String(text) => self.string(text)?,
            Value::Array(list) => {
                let rendered: Result<_, _> = list.iter().map(|entry| self.value(entry, depth + 1)).collect();
                Value::Array(rendered?)
            }
            Value::Object(fields) => {
                let mut rendered = Map::with_capacity(fields.len());
                for (name, value) in fields {
                    let name = self.templates.text_in(name, self.context, self.room)?;
                    rendered.insert(name, self.value(value, depth + 1)?);
                }
                Value::Object(rendered)
            }
            plain => plain.clone(),
        })
    }

    fn string(&mut self, text: &str) -> Result<Value, TemplateError> {
        *self.left = self.left.checked_sub(1).ok_or(TemplateError::TooMuchWork)?;
        match self.templates.expression(text, self.context) {
            Some(value) => {
                let value = value?;
                // Counted before it is copied: an expression may name a large value many times.
                serde_json::to_writer(Counted(self.room), &value).map_err(unwritten)?;
                serde_json::to_value(&value).map_err(unwritten)
            }
            None => self.templates.text_in(text, self.context, self.room).map(Value::String),
        }
    }
}

fn unwritten(error: serde_json::Error) -> TemplateError {
    if error.is_io() {
        TemplateError::TooLarge
    } else {
        TemplateError::Failed(super::shown(&error.to_string()))
    }
}

/// Takes bytes from the room and keeps none.
struct Counted<'a>(&'a mut Room);

impl io::Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.take(bytes.len()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

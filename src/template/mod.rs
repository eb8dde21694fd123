//! Templates: what a workflow's author writes becomes a request, a value or a decision.
//!
//! Jinja as minijinja has it, with no way to a file, another template or the network. A template is data of whoever may
//! edit workflows, so it is bounded: fuel for its work and memory, bytes for its output, names that are not there are
//! errors. Secrets are no values here: `secret("NAME")` gives a [placeholder](placeholder) that only the code that
//! sends a request can turn into the secret.

mod filters;
mod json;
pub mod placeholder;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior};
use rand::RngExt as _;
use serde_json::Value;

pub use placeholder::Placeholders;

/// Work that one template may do: one instruction, or 64 bytes that it makes or reads. Also bounds its memory.
const FUEL: u64 = 500_000;
/// Bytes that rendering may give in all.
const MAX_OUTPUT: usize = 16 << 20;
/// Bytes that the text of one template may have.
const MAX_SOURCE: usize = 256 << 10;
/// Compiled templates that are kept. One more and all are dropped: those in use are back at once.
const KEPT: usize = 1_024;
/// Bytes of text of the templates that are kept.
const KEPT_BYTES: usize = 8 << 20;

/// Why a template gave nothing. Tells what is wrong with the template, never what it was rendered with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is no template.
    #[error("the template is wrong in line {line}: {what}")]
    Syntax { line: usize, what: String },
    /// It names something that is not there.
    #[error("the template asks for something that is not there: {0}; write `| default(...)` where it may be missing")]
    Undefined(String),
    /// It does something that cannot be done with what it was given.
    #[error("the template cannot be rendered: {0}")]
    Failed(String),
    /// It works for too long, or makes too much on the way.
    #[error("the template does too much work; take its loop or its largest text apart")]
    TooMuchWork,
    /// It gives more than may be sent.
    #[error("the template gives more than {} MiB", MAX_OUTPUT >> 20)]
    TooLarge,
    /// Its text is too long.
    #[error("the template is longer than {} KiB", MAX_SOURCE >> 10)]
    TooLong,
}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let what = || error.detail().map_or_else(|| error.kind().to_string(), shown);
        match error.kind() {
            ErrorKind::SyntaxError | ErrorKind::BadEscape => Self::Syntax {
                line: error.line().unwrap_or(1),
                what: what(),
            },
            ErrorKind::UnknownFilter | ErrorKind::UnknownFunction | ErrorKind::UnknownTest => Self::Syntax {
                line: error.line().unwrap_or(1),
                what: what(),
            },
            ErrorKind::UndefinedError => Self::Undefined(what()),
            ErrorKind::OutOfFuel => Self::TooMuchWork,
            ErrorKind::WriteFailure => Self::TooLarge,
            _ => Self::Failed(what()),
        }
    }
}

/// An engine's words, short enough for a row: some of them repeat a value.
fn shown(words: &str) -> String {
    crate::scrape::text::squeeze_to(words, 160)
}

/// What templates are rendered with, made ready once for all templates of a request.
#[derive(Clone, Debug)]
pub struct Context(minijinja::Value);

impl Context {
    /// The names of `value`, an object.
    #[must_use]
    pub fn new(value: &Value) -> Self {
        Self(minijinja::Value::from(Serde(value)))
    }
}

/// The environments: one that is strict, for rendering, and one for conditions, where what is not there is false.
struct Environments {
    strict: Environment<'static>,
    conditions: Environment<'static>,
    kept: Arc<Kept>,
}

/// What the loader has compiled.
#[derive(Default)]
struct Kept {
    templates: AtomicUsize,
    bytes: AtomicUsize,
}

impl Environments {
    fn new(placeholders: &Placeholders) -> Self {
        let kept = Arc::new(Kept::default());
        let counted = Arc::clone(&kept);
        let mut strict = environment(placeholders);
        strict.set_undefined_behavior(UndefinedBehavior::Strict);
        // The name of a template is its text, so the engine's own store of compiled templates is the cache.
        strict.set_loader(move |source| {
            counted.templates.fetch_add(1, Ordering::Relaxed);
            counted.bytes.fetch_add(source.len(), Ordering::Relaxed);
            Ok(Some(source.to_owned()))
        });
        let mut conditions = environment(placeholders);
        conditions.set_undefined_behavior(UndefinedBehavior::Chainable);
        Self {
            strict,
            conditions,
            kept,
        }
    }

    fn is_full(&self) -> bool {
        self.kept.templates.load(Ordering::Relaxed) >= KEPT || self.kept.bytes.load(Ordering::Relaxed) >= KEPT_BYTES
    }
}

fn environment(placeholders: &Placeholders) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.remove_global("debug");
    filters::add(&mut environment, placeholders);
    environment
}

/// Renders templates. One for the process, shared: compiled templates are kept, within bounds.
pub struct Templates {
    placeholders: Placeholders,
    environments: RwLock<Arc<Environments>>,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new()
    }
}

impl Templates {
    /// With placeholders that nobody can guess.
    #[must_use]
    pub fn new() -> Self {
        let placeholders = Placeholders::new(rand::rng().random());
        Self {
            environments: RwLock::new(Arc::new(Environments::new(&placeholders))),
            placeholders,
        }
    }

    /// The form of the placeholders that `secret("NAME")` gives.
    #[must_use]
    pub fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    fn environments(&self) -> Arc<Environments> {
        let held = Arc::clone(&self.environments.read().unwrap_or_else(PoisonError::into_inner));
        if !held.is_full() {
            return held;
        }
        let fresh = Arc::new(Environments::new(&self.placeholders));
        *self.environments.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        fresh
    }

    /// Whether `source` is a template; a filter, test or function that is not known is told when it is rendered.
    ///
    /// # Errors
    /// Where it is none.
    pub fn check(&self, source: &str) -> Result<(), TemplateError> {
        bounded(source)?;
        self.environments().strict.template_from_str(source)?;
        Ok(())
    }

    /// Whether `expression` is a condition.
    ///
    /// # Errors
    /// Where it is none.
    pub fn check_condition(&self, expression: &str) -> Result<(), TemplateError> {
        bounded(expression)?;
        self.environments()
            .conditions
            .compile_expression_owned(expression.to_owned())?;
        Ok(())
    }

    /// Whether every string of `source`, at any depth, is a template.
    ///
    /// # Errors
    /// The first that is none.
    pub fn check_json(&self, source: &Value) -> Result<(), TemplateError> {
        match source {
            Value::String(text) => self.check(text),
            Value::Array(list) => list.iter().try_for_each(|entry| self.check_json(entry)),
            Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
                self.check(name)?;
                self.check_json(value)
            }),
            _ => Ok(()),
        }
    }

    /// The text that the template gives.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn render_text(&self, source: &str, context: &Value) -> Result<String, TemplateError> {
        self.text_in(source, &Context::new(context), &mut Room::full())
    }

    /// As [`render_text`](Self::render_text), with a context that serves several templates.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn text(&self, source: &str, context: &Context) -> Result<String, TemplateError> {
        self.text_in(source, context, &mut Room::full())
    }

    fn text_in(&self, source: &str, context: &Context, room: &mut Room) -> Result<String, TemplateError> {
        bounded(source)?;
        if !source.contains('{') {
            room.take(source.len())?;
            return Ok(source.to_owned());
        }
        let environments = self.environments();
        let template = environments.strict.get_template(source)?;
        let mut written = Written { text: Vec::new(), room };
        template.render_captured_to(context.0.clone(), &mut written)?;
        String::from_utf8(written.text).map_err(|_| TemplateError::Failed("its output is no text".to_owned()))
    }

    /// The value that a JSON value of templates gives: each string is one, at any depth, names too. A string that is
    /// exactly one expression, `{{ x }}`, keeps the type of `x`.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn render_json(&self, source: &Value, context: &Value) -> Result<Value, TemplateError> {
        self.json(source, &Context::new(context))
    }

    /// As [`render_json`](Self::render_json), with a context that serves several templates.
    ///
    /// # Errors
    /// See [`TemplateError`].
    pub fn json(&self, source: &Value, context: &Context) -> Result<Value, TemplateError> {
        json::render(self, source, context, &mut Room::full())
    }

    /// What the expression gives, or `None` where `source` is not exactly one expression in `{{ }}`.
    fn expression(&self, source: &str, context: &Context) -> Option<Result<minijinja::Value, TemplateError>> {
        let inner = source.strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.strip_prefix('-').unwrap_or(inner);
        let inner = inner.strip_suffix('-').unwrap_or(inner);
        if source.len() > MAX_SOURCE {
            return Some(Err(TemplateError::TooLong));
        }
        let environments = self.environments();
        // Text between two expressions is no expression, so `{{ a }} and {{ b }}` does not compile here.
        let expression = environments.strict.compile_expression_owned(inner.to_owned()).ok()?;
        let value = match expression.eval(context.0.clone()) {
            Ok(value) if value.is_undefined() => Err(TemplateError::Undefined(shown(inner.trim()))),
            Ok(value) => Ok(value),
            Err(error) => Err(error.into()),
        };
        Some(value)
    }

    /// Whether a condition (`when`) holds. What is not there is false, at any depth; a comparison with it too.
    ///
    /// # Errors
    /// See [`TemplateError`]; what is not there is none.
    pub fn holds(&self, expression: &str, context: &Value) -> Result<bool, TemplateError> {
        bounded(expression)?;
        let environments = self.environments();
        let compiled = environments
            .conditions
            .compile_expression_owned(expression.to_owned())?;
        match compiled.eval(Context::new(context).0) {
            Ok(value) => Ok(value.is_true()),
            Err(error) if error.kind() == ErrorKind::UndefinedError => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn bounded(source: &str) -> Result<(), TemplateError> {
    if source.len() > MAX_SOURCE {
        Err(TemplateError::TooLong)
    } else {
        Ok(())
    }
}

/// The bytes that are left to one rendering.
struct Room(usize);

impl Room {
    fn full() -> Self {
        Self(MAX_OUTPUT)
    }

    fn take(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.0 = self.0.checked_sub(bytes).ok_or(TemplateError::TooLarge)?;
        Ok(())
    }
}

/// Output, until its room is spent.
struct Written<'a> {
    text: Vec<u8>,
    room: &'a mut Room,
}

impl io::Write for Written<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room.take(bytes.len()).map_err(io::Error::other)?;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;

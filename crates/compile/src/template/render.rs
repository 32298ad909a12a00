//! The walk over a template.

use serde_json::{Map, Value as Json};

use super::context::Context;
use super::error::{Error, Reason};
use super::{Engine, text};

/// Levels of a template.
const MAX_DEPTH: usize = 128;
/// Size of what a template renders to, in bytes of text and 16 for every value: about ten times
/// what Kubernetes takes.
const MAX_OUTPUT: usize = 16 << 20;

pub(super) fn render(
    engine: &Engine,
    template: &Json,
    context: &Context,
) -> Result<Option<Json>, Error> {
    Renderer {
        engine,
        context,
        left: MAX_OUTPUT,
    }
    .value(template, MAX_DEPTH)
}

struct Renderer<'a> {
    engine: &'a Engine,
    context: &'a Context,
    /// What is left of [`MAX_OUTPUT`].
    left: usize,
}

impl Renderer<'_> {
    fn value(&mut self, template: &Json, depth: usize) -> Result<Option<Json>, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::new(Reason::Limit {
                limit: MAX_DEPTH,
                unit: "nested levels",
            }));
        };
        match template {
            Json::String(text) => self.string(text),
            Json::Array(items) => {
                let mut rendered = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    let item = self
                        .value(item, depth)
                        .map_err(|error| error.under(format_args!("[{index}]")))?;
                    rendered.extend(item);
                }
                self.charge(0)?;
                Ok(Some(Json::Array(rendered)))
            }
            Json::Object(fields) => self.object(fields, depth).map(Some),
            Json::Null | Json::Bool(_) | Json::Number(_) => {
                self.charge(0)?;
                Ok(Some(template.clone()))
            }
        }
    }

    fn object(&mut self, fields: &Map<String, Json>, depth: usize) -> Result<Json, Error> {
        let mut rendered = Map::with_capacity(fields.len());
        for (name, field) in fields {
            let under = |error: Error| error.under(format_args!(".{name}"));
            let key = self.key(name).map_err(under)?;
            if let Some(value) = self.value(field, depth).map_err(under)? {
                self.charge(key.len())?;
                rendered.insert(key, value);
            }
        }
        self.charge(0)?;
        Ok(Json::Object(rendered))
    }

    fn key(&self, name: &str) -> Result<String, Error> {
        if !name.contains("${") {
            return Ok(name.to_owned());
        }
        let value = self.engine.evaluate(name, self.context)?;
        value.as_str().map(str::to_owned).ok_or_else(|| {
            Error::new(Reason::Key {
                key: name.to_owned(),
                found: text::described(&value),
            })
        })
    }

    fn string(&mut self, template: &str) -> Result<Option<Json>, Error> {
        if !template.contains("${") {
            self.charge(template.len())?;
            return Ok(Some(Json::String(template.to_owned())));
        }
        let value = self.engine.evaluate(template, self.context)?;
        // Values share their parts; written out, every use counts.
        self.charge_value(&value)?;
        Ok(value.to_json())
    }

    fn charge_value(&mut self, value: &expr::Value) -> Result<(), Error> {
        match value {
            expr::Value::String(text) => self.charge(text.len()),
            expr::Value::Bytes(bytes) => self.charge(bytes.len()),
            expr::Value::List(items) => {
                self.charge(0)?;
                items.iter().try_for_each(|item| self.charge_value(item))
            }
            expr::Value::Map(map) => {
                self.charge(0)?;
                map.values().try_for_each(|value| self.charge_value(value))
            }
            expr::Value::Optional(Some(held)) => self.charge_value(held),
            _ => self.charge(0),
        }
    }

    /// Charges a value and so many bytes of text in it.
    fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        let left = self.left.checked_sub(bytes.saturating_add(16));
        self.left = left.ok_or_else(|| {
            Error::new(Reason::Limit {
                limit: MAX_OUTPUT,
                unit: "bytes",
            })
        })?;
        Ok(())
    }
}
